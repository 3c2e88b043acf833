import { expect, test } from 'vitest';
import type { StoreUnderTest } from './subject.ts';
import { sampleTime, messagesOf, oneTo, ownEvent, seqsOf } from './material.ts';

const allEvents = { after: 0, limit: 10_000 };

export function testEventLog({ store, another }: StoreUnderTest): void {
  test('numbers the events of each session from 1 without gaps', async () => {
    const { events } = store();
    expect(await events.lastSeq('a')).toBe(0);
    expect(await events.appendOwn('a', [ownEvent('1'), ownEvent('2')])).toEqual({ lastSeq: 2, appended: 2 });
    expect(await events.appendOwn('b', [ownEvent('1')])).toEqual({ lastSeq: 1, appended: 1 });
    expect(await events.appendOwn('a', [ownEvent('3')])).toEqual({ lastSeq: 3, appended: 1 });
    expect(seqsOf(await events.read('a', allEvents))).toEqual([1, 2, 3]);
    expect(await events.lastSeq('a')).toBe(3);
  });

  test('gives back every event as it was appended', async () => {
    const { events } = store();
    const body = {
      type: 'session.closed',
      data: { reason: 'failed', message: 'ünï "quoted"\n\u0000' },
    } as const;
    await events.appendOwn('a', [ownEvent('1', { generation: 3, turnId: 't', body }), ownEvent('2')]);
    expect(await events.read('a', allEvents)).toEqual([
      { seq: 1, sessionId: 'a', generation: 3, at: sampleTime, turnId: 't', ...body },
      { seq: 2, sessionId: 'a', generation: 0, at: sampleTime, type: 'warning', data: { message: '2' } },
    ]);
  });

  test('leaves out an own event that is there already, in the same call too', async () => {
    const { events } = store();
    await events.appendOwn('a', [ownEvent('1'), ownEvent('2'), ownEvent('2')]);
    expect(await events.appendOwn('a', [ownEvent('2'), ownEvent('3'), ownEvent('1')])).toEqual({
      lastSeq: 3,
      appended: 1,
    });
    expect(await events.appendOwn('a', [ownEvent('3')])).toEqual({ lastSeq: 3, appended: 0 });
    expect(await events.appendOwn('a', [])).toEqual({ lastSeq: 3, appended: 0 });
    expect(messagesOf(await events.read('a', allEvents))).toEqual(['1', '2', '3']);
  });

  test('reads a range, from the beginning or the end, of some types or all', async () => {
    const { events } = store();
    const started = { type: 'turn.started', data: {} } as const;
    const many = oneTo(30).map((n) => ownEvent(`${n}`, n % 10 === 0 ? { body: started } : {}));
    await events.appendOwn('a', many);
    expect(seqsOf(await events.read('a', { after: 4, limit: 3 }))).toEqual([5, 6, 7]);
    expect(seqsOf(await events.read('a', { after: 10, limit: 5, types: ['turn.started'] }))).toEqual([
      20, 30,
    ]);
    expect(seqsOf(await events.readLast('a', { limit: 2 }))).toEqual([29, 30]);
    expect(seqsOf(await events.readLast('a', { limit: 2, types: ['turn.started'] }))).toEqual([20, 30]);
    expect(await events.read('a', { after: 30, limit: 5 })).toEqual([]);
    expect(await events.read('other', allEvents)).toEqual([]);
  });

  test('takes thousands of events at once', async () => {
    const { events } = store();
    await events.appendOwn(
      'a',
      oneTo(5_000).map((n) => ownEvent(`${n}`)),
    );
    expect(seqsOf(await events.read('a', allEvents))).toEqual(oneTo(5_000));
  });

  test('stays contiguous and unique when many append at once', async () => {
    const writers = [store(), await another(), await another()];
    await Promise.all(
      writers.flatMap((writer, index) =>
        oneTo(40).map(async (n) =>
          writer.events.appendOwn('a', [ownEvent(`${index}-${n}`), ownEvent(`shared-${n}`)]),
        ),
      ),
    );
    const events = await store().events.read('a', allEvents);
    expect(seqsOf(events)).toEqual(oneTo(160));
    expect(new Set(messagesOf(events)).size).toBe(160);
  });

  test('is the same after it was closed and opened again', async () => {
    const first = await another();
    await first.events.appendOwn('a', [ownEvent('1')]);
    await first.close();
    const second = await another();
    await second.events.appendOwn('a', [ownEvent('1'), ownEvent('2')]);
    expect(messagesOf(await second.events.read('a', allEvents))).toEqual(['1', '2']);
  });
}
