/** What every store must do (see the port's prose); run on each implementation. */
import { afterEach, beforeEach, describe } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import type { Backing, StoreUnderTest } from './conformance/subject.ts';
import { testCheckpoints } from './conformance/checkpoints.ts';
import { testEventLog } from './conformance/event-log.ts';
import { testFollow } from './conformance/follow.ts';
import { testKeeping } from './conformance/keeping.ts';
import { testRepoImages } from './conformance/repo-images.ts';
import { testRestorePoints } from './conformance/restore-points.ts';
import { testJournal } from './conformance/journal.ts';
import { testLedgers } from './conformance/ledgers.ts';
import { testSessionIds } from './conformance/session-ids.ts';
import { testTranscripts } from './conformance/transcripts.ts';

export function testStore({ create }: { create: () => Promise<Backing> }): void {
  let backing: Backing;
  let opened: Store[] = [];
  const another = async (): Promise<Store> => {
    const store = await backing.open();
    opened.push(store);
    return store;
  };
  beforeEach(async () => {
    backing = await create();
    await another();
  });
  afterEach(async () => {
    await Promise.all(opened.map(async (store) => store.close()));
    opened = [];
    await backing.remove();
  });
  const store = (): Store => {
    const [first] = opened;
    if (first === undefined) throw new Error('no store is open');
    return first;
  };
  const subject: StoreUnderTest = { store, another };
  describe('session ids', () => testSessionIds(subject));
  describe('the event log', () => testEventLog(subject));
  describe('following', () => testFollow(subject));
  describe('the journal', () => testJournal(subject));
  describe('transcripts', () => testTranscripts(subject));
  describe('checkpoints and what they need', () => testCheckpoints(subject));
  describe('restore points', () => testRestorePoints(subject));
  describe('what is kept', () => testKeeping(subject));
  describe('ledgers', () => testLedgers(subject));
  describe('repository sets and their images', () => testRepoImages(subject));
}
