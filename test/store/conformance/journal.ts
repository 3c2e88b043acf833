import { expect, test } from 'vitest';
import { JournalGap, JournalMismatch } from '../../../src/store/errors.ts';
import type { StoreUnderTest } from './subject.ts';
import { journal, journalItem, messagesOf, oneTo, ownEvent, seqsOf } from './material.ts';

const allEvents = { after: 0, limit: 10_000 };

export function testJournal({ store, another }: StoreUnderTest): void {
  test('appends a batch and moves the cursor', async () => {
    const { journal: log, events } = store();
    expect(await log.cursor('s', 1)).toBe(0);
    expect(await log.append(journal(0, 3))).toEqual({ cursor: 30, lastSeq: 3, appended: 3 });
    expect(await log.cursor('s', 1)).toBe(30);
    expect(await log.cursor('s', 2)).toBe(0);
    expect(messagesOf(await events.read('s', allEvents))).toEqual(['record 0', 'record 1', 'record 2']);
  });

  test('leaves out what is stored when batches overlap or repeat', async () => {
    const { journal: log, events } = store();
    await log.append(journal(0, 5));
    expect(await log.append(journal(0, 5))).toEqual({ cursor: 50, lastSeq: 5, appended: 0 });
    expect(await log.append(journal(2, 4))).toEqual({ cursor: 50, lastSeq: 5, appended: 0 });
    expect(await log.append(journal(3, 8))).toEqual({ cursor: 80, lastSeq: 8, appended: 3 });
    expect(messagesOf(await events.read('s', allEvents))).toEqual(oneTo(8).map((n) => `record ${n - 1}`));
  });

  test('refuses a batch that leaves a gap, and says where to go on', async () => {
    const { journal: log, events } = store();
    await log.append(journal(0, 2));
    const refused = log.append(journal(3, 4));
    await expect(refused).rejects.toThrow(JournalGap);
    await expect(refused).rejects.toMatchObject({ cursor: 20 });
    expect(await log.cursor('s', 1)).toBe(20);
    expect(await events.lastSeq('s')).toBe(2);
  });

  test('refuses records that are not those of the stored journal, as a whole', async () => {
    const { journal: log, events } = store();
    await log.append(journal(0, 2));
    const crossing = { ...journal(0, 4), items: [journalItem(0, { endOffset: 25 }), journalItem(3)] };
    const disordered = { ...journal(2, 4), items: [journalItem(3), journalItem(2)] };
    const beyond = { ...journal(2, 4), items: [journalItem(2), journalItem(4)] };
    for (const batch of [crossing, disordered, beyond]) {
      await expect(log.append(batch)).rejects.toThrow(JournalMismatch);
    }
    expect(await log.cursor('s', 1)).toBe(20);
    expect(await events.lastSeq('s')).toBe(2);
  });

  test('leaves out an event that the workflow has appended itself, and the other way round', async () => {
    const { journal: log, events } = store();
    const ending = (index: number, eventId: string) => {
      const { event, ...item } = journalItem(index);
      return { ...item, event: event === null ? null : { ...event, eventId } };
    };
    await events.appendOwn('s', [ownEvent('end-1')]);
    await log.append({ ...journal(0, 2), items: [ending(0, 'end-1'), ending(1, 'end-2')] });
    await events.appendOwn('s', [ownEvent('end-2')]);
    expect(messagesOf(await events.read('s', allEvents))).toEqual(['end-1', 'record 1']);
  });

  test('moves the cursor over records of which nothing is kept', async () => {
    const { journal: log } = store();
    const batch = { ...journal(0, 5), items: [journalItem(1)] };
    expect(await log.append(batch)).toEqual({ cursor: 50, lastSeq: 1, appended: 1 });
    expect(await log.append({ ...journal(5, 6), items: [] })).toEqual({
      cursor: 60,
      lastSeq: 1,
      appended: 0,
    });
  });

  test('keeps the journals of generations apart in one event log', async () => {
    const { journal: log, events } = store();
    await log.append(journal(0, 2));
    await events.appendOwn('s', [ownEvent('own')]);
    await log.append({ ...journal(0, 1), generation: 2 });
    const read = await events.read('s', allEvents);
    expect(read.map(({ seq, generation }) => [seq, generation])).toEqual([
      [1, 1],
      [2, 1],
      [3, 0],
      [4, 2],
    ]);
  });

  test('appends everything exactly once when attempts overlap', async () => {
    const attempts = [store(), await another(), await another()];
    await Promise.all(
      attempts.map(async ({ journal: log }) => {
        let at = 0;
        while (at < 120) {
          const end = Math.min(120, at + Math.ceil(Math.random() * 7));
          const { cursor } = await log.append(journal(at, end));
          at = Math.max(end, cursor / 10);
        }
      }),
    );
    const events = await store().events.read('s', allEvents);
    expect(seqsOf(events)).toEqual(oneTo(120));
    expect(messagesOf(events)).toEqual(oneTo(120).map((n) => `record ${n - 1}`));
  });
}
