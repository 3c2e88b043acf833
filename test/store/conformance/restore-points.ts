import { expect, test } from 'vitest';
import type { Checkpoint, Snapshot } from '../../../src/contracts/checkpoint.ts';
import type { TranscriptEntry } from '../../../src/contracts/transcript.ts';
import { checkpoint, journal, sampleTime } from './material.ts';
import type { StoreUnderTest } from './subject.ts';

const usable = (): boolean => true;

export function testRestorePoints({ store }: StoreUnderTest): void {
  let records = 0;
  /** The agent says this, in the conversation `a` unless told. */
  const say = async (text: string, agentSessionId = 'a'): Promise<void> => {
    const entry = { uuid: text, type: 'user', sessionId: agentSessionId, text };
    const item = {
      offset: records * 10,
      endOffset: records * 10 + 10,
      at: sampleTime,
      event: null,
      transcript: { agentSessionId, entries: [entry] },
    };
    await store().journal.append({ ...journal(records, records + 1), items: [item] });
    records += 1;
  };
  const save = async (checkpointId: string, extra: Partial<Checkpoint> = {}): Promise<Checkpoint> => {
    const transcript = await store().transcripts.position('s');
    const saved = checkpoint(checkpointId, { transcript, ...extra });
    if (saved.snapshot === null) await store().checkpoints.save(saved);
    else await store().snapshots.record(saved, 'request');
    return saved;
  };
  const imageOf = (checkpointId: string, runtimeVersion = '1-sdk.0.0.0'): { snapshot: Snapshot } => ({
    snapshot: { imageId: `im-${checkpointId}`, runtimeVersion, generation: 1 },
  });
  const rewind = async (checkpointId: string, as: string, isUsable: (of: Snapshot) => boolean = usable) =>
    store().restorePoints.rewind(
      { sessionId: 's', checkpointId },
      (found) => ({ ...found, checkpointId: as }),
      isUsable,
    );
  const textsIn = (entries: TranscriptEntry[] | undefined): unknown[] =>
    (entries ?? []).map((entry) => entry['text']);
  const conversation = async (at: Checkpoint['transcript'] | undefined): Promise<unknown[]> =>
    textsIn((await store().transcripts.read('s', at ?? undefined))?.entries);

  test('of a session become its latest, with the conversation as it was then', async () => {
    records = 0;
    await say('one');
    const first = await save('first', { costUsd: 1 });
    await say('two');
    const second = await save('second', { costUsd: 2 });
    const back = await rewind('first', 'back');
    expect(back?.checkpoint).toMatchObject({ checkpointId: 'back', costUsd: 1, turnId: first.turnId });
    expect((await store().checkpoints.latest('s'))?.checkpointId).toBe('back');
    expect(await conversation(back?.checkpoint.transcript)).toEqual(['one']);
    const { agentSessionId } = (await store().transcripts.position('s')) ?? { agentSessionId: '' };
    await say('three', agentSessionId);
    const third = await save('third');
    expect(await conversation(third.transcript)).toEqual(['one', 'three']);
    // What was left can be gone back to.
    const again = await rewind('second', 'again');
    expect(await conversation(again?.checkpoint.transcript)).toEqual(['one', 'two']);
    expect(await conversation(second.transcript)).toEqual(['one', 'two']);
  });

  test('say the agent its own session id in a copied conversation', async () => {
    records = 0;
    await say('one');
    await save('first');
    await say('two');
    const back = await rewind('first', 'back');
    const copied = await store().transcripts.read('s', back?.checkpoint.transcript ?? undefined);
    expect(copied?.agentSessionId).not.toBe('a');
    expect(copied?.entries).toMatchObject([{ uuid: 'one', sessionId: copied?.agentSessionId }]);
  });

  test('from before the first word have no conversation, until one begins', async () => {
    records = 0;
    await save('empty');
    await say('one');
    await rewind('empty', 'back');
    expect(await store().transcripts.position('s')).toBeNull();
    await say('two', 'b');
    expect(await store().transcripts.position('s')).toEqual({ agentSessionId: 'b', entries: 1 });
  });

  test('are made once, and are null where there is no such checkpoint', async () => {
    records = 0;
    await say('one');
    await save('first');
    await say('two');
    const back = await rewind('first', 'back');
    expect(await rewind('first', 'back')).toEqual(back);
    expect((await store().checkpoints.list('s')).map(({ checkpointId }) => checkpointId)).toEqual([
      'first',
      'back',
    ]);
    expect(await rewind('nowhere', 'x')).toBeNull();
    const none = { sessionId: 'nobody', checkpointId: null };
    expect(await store().restorePoints.fork(none, (found) => found, usable)).toBeNull();
  });

  test('start from their own snapshot, else from the newest usable one before them on their line', async () => {
    await save('s1', imageOf('s1'));
    await save('turn1');
    await save('s2', imageOf('s2', 'old'));
    await save('turn2');
    expect((await rewind('turn2', 'r1'))?.snapshot?.imageId).toBe('im-s2');
    const notOld = (snapshot: Snapshot): boolean => snapshot.runtimeVersion !== 'old';
    expect((await rewind('turn2', 'r2', notOld))?.snapshot?.imageId).toBe('im-s1');
    const own = await rewind('s2', 'r3', notOld);
    expect(own).toMatchObject({ snapshot: { imageId: 'im-s1' }, checkpoint: { snapshot: null } });
    expect((await rewind('s2', 'r4'))?.checkpoint.snapshot?.imageId).toBe('im-s2');
  });

  test('never start from a snapshot of what was left by a rewind', async () => {
    await save('s1', imageOf('s1'));
    await save('s2', imageOf('s2'));
    await rewind('s1', 'back');
    await save('turn');
    expect((await rewind('turn', 'again'))?.snapshot?.imageId).toBe('im-s1');
  });

  test('of another session come with conversation, carried work and the right to the snapshot', async () => {
    records = 0;
    await say('one');
    const { sha256 } = await store().carriedWork.save('s', Buffer.from('work'));
    const state = { repository: 'r', branch: 'main', head: 'abc', uncommittedFiles: 1, unpushedCommits: 0 };
    await save('s1', imageOf('s1'));
    await save('turn', { carried: [{ ...state, bytes: 4, sha256 }], costUsd: 3 });
    await say('two');
    const as = (found: Checkpoint): Checkpoint => ({ ...found, sessionId: 'f', checkpointId: 'fork' });
    const fork = async (checkpointId: string | null) =>
      store().restorePoints.fork({ sessionId: 's', checkpointId }, as, usable);
    const forked = await fork(null);
    expect(forked).toMatchObject({
      sourceCheckpointId: 'turn',
      snapshot: { imageId: 'im-s1' },
      checkpoint: { sessionId: 'f', checkpointId: 'fork', snapshot: null, costUsd: 3 },
    });
    const { transcripts, carriedWork, checkpoints, snapshots } = store();
    expect(textsIn((await transcripts.read('f'))?.entries)).toEqual(['one']);
    expect(Buffer.from((await carriedWork.read('f', sha256)) ?? []).toString()).toBe('work');
    await save('s2', imageOf('s2'));
    expect(await fork(null)).toEqual(forked);
    // The source goes, and what the fork began from stays until the fork goes.
    await store().deleteSession('s', { keepEvents: true });
    expect((await snapshots.condemnNeedless({})).map(({ imageId }) => imageId)).toEqual(['im-s2']);
    expect((await checkpoints.latest('f'))?.checkpointId).toBe('fork');
    const again = (found: Checkpoint): Checkpoint => ({ ...found, checkpointId: 'again' });
    const back = await store().restorePoints.rewind({ sessionId: 'f', checkpointId: 'fork' }, again, usable);
    expect(back?.snapshot?.imageId).toBe('im-s1');
    await store().deleteSession('f');
    expect((await snapshots.condemnNeedless({})).map(({ imageId }) => imageId).toSorted()).toEqual([
      'im-s1',
      'im-s2',
    ]);
  });
}
