import { expect, test } from 'vitest';
import type { TranscriptBatch, TranscriptEntry } from '../../../src/contracts/transcript.ts';
import type { StoreUnderTest } from './subject.ts';
import { journal, sampleTime } from './material.ts';

function entry(text: string, uuid?: string): TranscriptEntry {
  return { type: 'user', ...(uuid === undefined ? {} : { uuid }), message: { text } };
}

export function testTranscripts({ store }: StoreUnderTest): void {
  let records = 0;
  const mirror = async (batch: TranscriptBatch): Promise<void> => {
    const item = {
      offset: records * 10,
      endOffset: records * 10 + 10,
      at: sampleTime,
      event: null,
      transcript: batch,
    };
    await store().journal.append({ ...journal(records, records + 1), items: [item] });
    records += 1;
  };
  const main = async (...entries: TranscriptEntry[]): Promise<void> =>
    mirror({ agentSessionId: 'a', entries });

  test('are absent at first', async () => {
    expect(await store().transcripts.position('s')).toBeNull();
    expect(await store().transcripts.read('s')).toBeNull();
    expect(await store().transcripts.read('s', { agentSessionId: 'a', entries: 3 })).toBeNull();
  });

  test('come back in order, with everything that was in them', async () => {
    records = 0;
    await main(entry('one', '1'), entry('two', '2'));
    await main({ type: 'summary', deep: { ünï: [1, null, { a: 'b' }] } });
    expect(await store().transcripts.read('s')).toEqual({
      agentSessionId: 'a',
      entries: [
        entry('one', '1'),
        entry('two', '2'),
        { type: 'summary', deep: { ünï: [1, null, { a: 'b' }] } },
      ],
    });
    expect(await store().transcripts.position('s')).toEqual({ agentSessionId: 'a', entries: 3 });
  });

  test('hold an entry with a uuid once, and one without as often as it came', async () => {
    records = 0;
    await main(entry('one', '1'), entry('plain'));
    await main(entry('one again', '1'), entry('plain'));
    const read = await store().transcripts.read('s');
    expect(read?.entries).toEqual([entry('one', '1'), entry('plain'), entry('plain')]);
  });

  test('are read up to a position that was taken earlier', async () => {
    records = 0;
    await main(entry('one', '1'));
    const position = await store().transcripts.position('s');
    await main(entry('two', '2'));
    expect((await store().transcripts.read('s', position ?? undefined))?.entries).toEqual([
      entry('one', '1'),
    ]);
  });

  test('keep subagents out of the conversation', async () => {
    records = 0;
    await main(entry('one', '1'));
    await mirror({
      agentSessionId: 'a',
      subpath: 'agent-x',
      entries: [entry('inner', '1'), entry('inner', '9')],
    });
    await main(entry('two', '2'));
    expect((await store().transcripts.read('s'))?.entries).toEqual([entry('one', '1'), entry('two', '2')]);
    expect(await store().transcripts.position('s')).toEqual({ agentSessionId: 'a', entries: 2 });
  });

  test('follow the newest of several agent sessions', async () => {
    records = 0;
    await main(entry('one', '1'));
    await mirror({ agentSessionId: 'b', entries: [entry('fresh', '1')] });
    expect(await store().transcripts.read('s')).toEqual({
      agentSessionId: 'b',
      entries: [entry('fresh', '1')],
    });
    expect((await store().transcripts.read('s', { agentSessionId: 'a', entries: 9 }))?.entries).toHaveLength(
      1,
    );
  });
}
