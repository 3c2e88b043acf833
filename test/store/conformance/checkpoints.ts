import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Checkpoint } from '../../../src/contracts/checkpoint.ts';
import { BlobTooLarge } from '../../../src/store/errors.ts';
import type { SandboxRecord } from '../../../src/store/store.ts';
import type { StoreUnderTest } from './subject.ts';
import { checkpoint, journal, journalItem, ownEvent } from './material.ts';

function carrying(sha256: string): Checkpoint['carried'] {
  const state = { repository: 'r', branch: 'main', head: 'abc', uncommittedFiles: 1, unpushedCommits: 0 };
  return [{ ...state, bytes: 5, sha256 }];
}

export function testCheckpoints({ store }: StoreUnderTest): void {
  test('come back as they were saved; the latest is the one saved last', async () => {
    const { checkpoints } = store();
    expect(await checkpoints.latest('s')).toBeNull();
    expect(await checkpoints.find('s', 'one')).toBeNull();
    const one = checkpoint('one', {
      carried: carrying('h'),
      transcript: { agentSessionId: 'a', entries: 4 },
    });
    await checkpoints.save(one);
    await checkpoints.save(checkpoint('two'));
    await checkpoints.save(checkpoint('other', { sessionId: 'other' }));
    expect(await checkpoints.find('s', 'one')).toEqual(one);
    expect((await checkpoints.latest('s'))?.checkpointId).toBe('two');
    expect((await checkpoints.list('s')).map((it_) => it_.checkpointId)).toEqual(['one', 'two']);
  });

  test('are replaced in their place when they are saved again', async () => {
    const { checkpoints } = store();
    await checkpoints.save(checkpoint('one'));
    await checkpoints.save(checkpoint('two'));
    const snapshot = { imageId: 'im-1', runtimeVersion: '1', generation: 1 };
    await checkpoints.save(checkpoint('one', { snapshot }));
    expect((await checkpoints.list('s')).map((it_) => [it_.checkpointId, it_.snapshot?.imageId])).toEqual([
      ['one', 'im-1'],
      ['two', undefined],
    ]);
  });

  test('keep carried work as the bytes it was, under the hash of them', async () => {
    const { carriedWork } = store();
    const bundle = Uint8Array.from({ length: 3_000_000 }, (_, index) => index % 251);
    const sha256 = createHash('sha256').update(bundle).digest('hex');
    expect(await carriedWork.save('s', bundle)).toEqual({ sha256 });
    expect(await carriedWork.save('s', bundle)).toEqual({ sha256 });
    expect(Buffer.compare((await carriedWork.read('s', sha256)) ?? new Uint8Array(), bundle)).toBe(0);
    expect(await carriedWork.read('other', sha256)).toBeNull();
  });

  test('refuse carried work over its bound and keep what is at the bound', async () => {
    const { carriedWork } = store();
    const largest = new Uint8Array(50 * 1024 * 1024);
    const { sha256 } = await carriedWork.save('s', largest);
    expect((await carriedWork.read('s', sha256))?.length).toBe(largest.length);
    await expect(carriedWork.save('s', new Uint8Array(largest.length + 1))).rejects.toThrow(BlobTooLarge);
  });

  test('go with their session when it is deleted as a whole', async () => {
    const sha256 = await fill();
    await store().deleteSession('s');
    await store().deleteSession('s');
    expect(await store().checkpoints.list('s')).toEqual([]);
    expect(await store().carriedWork.read('s', sha256)).toBeNull();
    expect(await store().transcripts.position('s')).toBeNull();
    await expectRestForgotten();
    expect(await store().events.lastSeq('other')).toBe(1);
  });

  test('go without the event log when that is asked for', async () => {
    const sha256 = await fill();
    await store().deleteSession('s', { keepEvents: true });
    expect(await store().checkpoints.list('s')).toEqual([]);
    expect(await store().carriedWork.read('s', sha256)).toBeNull();
    expect(await store().transcripts.position('s')).toBeNull();
    expect(await store().events.lastSeq('s')).toBe(3);
    // A late repeat of an append still adds nothing.
    expect(await store().journal.cursor('s', 1)).toBe(20);
  });

  async function fill(): Promise<string> {
    const { events, checkpoints, carriedWork, sandboxes, journal: log } = store();
    await events.appendOwn('other', [ownEvent('1')]);
    await events.appendOwn('s', [ownEvent('1')]);
    const transcript = { agentSessionId: 'a', entries: [{ uuid: '1' }] };
    await log.append({ ...journal(0, 2), items: [journalItem(0, { transcript }), journalItem(1)] });
    const { sha256 } = await carriedWork.save('s', Buffer.from('work'));
    const position = { agentSessionId: 'a', entries: 1 };
    await checkpoints.save(checkpoint('one', { carried: carrying(sha256), transcript: position }));
    const intend = async (generation: number): Promise<SandboxRecord> =>
      sandboxes.recordIntent({ name: `s-g${generation}`, sessionId: 's', generation });
    await sandboxes.recordEnded(await intend(1), 'paused');
    await intend(2);
    return sha256;
  }

  async function expectRestForgotten(): Promise<void> {
    expect(await store().events.lastSeq('s')).toBe(0);
    expect(await store().journal.cursor('s', 1)).toBe(0);
    expect(await store().sandboxes.find('s-g1')).toBeNull();
    // It may still run: only its end lets the ledger forget it.
    expect(await store().sandboxes.find('s-g2')).not.toBeNull();
  }
}
