/**
 * The reaper (I7): compares what the provider runs with what sessions own, ends what nobody owns, settles what the ledger
 * still waits for, and deletes what is kept for nobody. It never ends a sandbox that is not in this store's ledger, and none
 * of a session that Temporal does not know, unless the event log has its end: another Harvest may use the same app, and
 * Temporal may be the wrong one.
 *
 * A sandbox that nobody owns is given a grace period from when it was first seen so, which the store remembers over restarts
 * of the worker. Neither its creation nor the ledger's rows would tell: a sandbox of hours may have lost its session a second
 * ago, by a change of which a look at both may have seen only half.
 */
import { bounds } from '../contracts/bounds.ts';
import type { ListedSandbox } from '../sandbox/provider.ts';
import type { SandboxRecord } from '../store/store.ts';
import type { ActivityDeps } from './deps.ts';
import { endRecorded } from './end-sandboxes.ts';
import { isKnownOpen, isOldIntent } from './ledger-verdict.ts';
import { deleteNeedlessSnapshots } from './needless-snapshots.ts';
import { ownTagsOf, ownershipOf } from './ownership.ts';
import type { Ownership, SessionLife } from './ownership.ts';
import type { ReapReport } from './types.ts';

export type ReaperDeps = Pick<ActivityDeps, 'store' | 'provider' | 'log'> & {
  /** What Temporal says of the workflow of a session. Rejects when it cannot be asked. */
  lookUpSession: (sessionId: string) => Promise<SessionLife>;
  graceSeconds: number;
  /** For messages of errors, which are shown. */
  redact: (text: string) => string;
};

const endReason = 'nobody owned it: ended by the reaper';

/** Of what one run did or could not do; the rest is in the log. */
const longestList = 50;

/** Every step may be repeated, and one that fails is told and keeps no other from being done. */
export async function reap(deps: ReaperDeps, signal?: AbortSignal): Promise<ReapReport> {
  const run = new ReaperRun(deps, signal);
  await run.step('the running sandboxes could not be looked through', async () => run.endUnowned());
  await run.step('the ledger could not be looked through', async () => run.settleLedger());
  await run.step('closed sessions could not be looked through', async () => run.forgetSessions());
  await run.step('snapshots could not be looked through', async () => run.deleteSnapshots());
  return run.report();
}

type Unowned = ReapReport['ended'][number];

class ReaperRun {
  readonly #deps: ReaperDeps;
  /** Once aborted nothing more is begun. */
  readonly #signal: AbortSignal | undefined;
  readonly #report: ReapReport = {
    sandboxes: 0,
    owned: 0,
    waiting: [],
    ended: [],
    deletedImages: [],
    forgottenSessions: [],
    problems: [],
  };
  /** Asked once a run. */
  readonly #lives = new Map<string, Promise<SessionLife>>();

  constructor(deps: ReaperDeps, signal: AbortSignal | undefined) {
    this.#deps = deps;
    this.#signal = signal;
  }

  report(): ReapReport {
    const { ended, waiting, deletedImages, forgottenSessions, problems, ...counts } = this.#report;
    return {
      ...counts,
      waiting: waiting.slice(0, longestList),
      ended: ended.slice(0, longestList),
      deletedImages: deletedImages.slice(0, longestList),
      forgottenSessions: forgottenSessions.slice(0, longestList),
      problems: problems.slice(0, longestList),
    };
  }

  async step(what: string, work: () => Promise<void>): Promise<void> {
    if (this.#signal?.aborted === true) return;
    await work().catch((error: unknown) => {
      const cause = this.#deps.redact(error instanceof Error ? error.message : String(error));
      this.#report.problems.push(`${what}: ${cause}`);
      this.#deps.log(`reaper: ${what}`, { cause });
    });
  }

  async endUnowned(): Promise<void> {
    const { store, provider } = this.#deps;
    const unowned: Unowned[] = [];
    for (const sandbox of await provider.list({})) {
      const ownership = await this.#ownershipOf(sandbox);
      if (ownership.kind === 'foreign') continue;
      this.#report.sandboxes += 1;
      if (ownership.kind === 'owned') this.#report.owned += 1;
      else if (ownership.kind === 'unowned')
        unowned.push({ sandboxId: sandbox.sandboxId, name: ownership.name, why: ownership.why });
      else
        this.#report.problems.push(
          `sandbox ${sandbox.name} (${sandbox.sandboxId}) is left alone: ${ownership.why}`,
        );
    }
    const ids = unowned.map(({ sandboxId }) => sandboxId);
    const seenSince = await store.unownedSandboxes.see(ids, new Date().toISOString());
    for (const found of unowned) {
      const seenMs = Date.parse(seenSince.get(found.sandboxId) ?? '');
      const isDue = Date.now() - seenMs >= this.#deps.graceSeconds * 1_000;
      if (isDue) await this.#end(found);
      else this.#report.waiting.push(`${found.name}: ${found.why}`);
    }
  }

  /**
   * Rows without a running sandbox: those whose sandbox ended by itself, and attempts of which nobody heard. A session that
   * runs has its newest generation in its own hands.
   */
  async settleLedger(): Promise<void> {
    const { store } = this.#deps;
    for (const row of await store.sandboxes.listOpen()) {
      await this.step(`the ledger's row of ${row.name} could not be settled`, async () => {
        if (!(await this.#isAbandoned(row))) return;
        const settled = await endRecorded(this.#deps, row, endReason);
        if (settled) this.#deps.log('reaper: settled a row of the ledger', { sandbox: row.name });
      });
    }
  }

  /** Also those that closed without being asked what is to be kept: somebody terminated their workflow. */
  async forgetSessions(): Promise<void> {
    const { store } = this.#deps;
    const { closedSessions } = store;
    for (const sessionId of await closedSessions.listUnrecorded()) {
      await this.step(`session "${sessionId}" could not be looked for`, async () => {
        if ((await this.#lifeOf(sessionId)).kind !== 'closed') return;
        const forgetAt = Date.now() + bounds.retentionSeconds * 1_000;
        await closedSessions.record(sessionId, new Date(forgetAt).toISOString());
      });
    }
    for (const sessionId of await closedSessions.listOver(new Date().toISOString())) {
      await this.step(`session "${sessionId}" could not be forgotten`, async () => {
        await store.deleteSession(sessionId, { keepEvents: true });
        this.#report.forgottenSessions.push(sessionId);
        this.#deps.log('reaper: the retention time of a session is over', { session: sessionId });
      });
    }
  }

  async deleteSnapshots(): Promise<void> {
    const { deleted, problems } = await deleteNeedlessSnapshots(this.#deps);
    this.#report.deletedImages.push(...deleted);
    this.#report.problems.push(...problems);
  }

  async #ownershipOf(sandbox: ListedSandbox): Promise<Ownership> {
    const { sandboxes } = this.#deps.store;
    const own = ownTagsOf(sandbox);
    const row = own === null ? null : await sandboxes.find(own.name);
    if (own === null || row === null) return { kind: 'foreign' };
    const newest = await sandboxes.findNewest(own.sessionId);
    const life = await this.#lifeOf(own.sessionId);
    return ownershipOf(sandbox, { row, newestGeneration: newest?.generation ?? own.generation, life });
  }

  async #end({ sandboxId, name, why }: Unowned): Promise<void> {
    const { store, provider, log } = this.#deps;
    await this.step(`sandbox ${name} (${sandboxId}) could not be ended`, async () => {
      const known = await store.sandboxes.find(name);
      if (known !== null && known.sandboxId === null)
        await store.sandboxes.recordCreated({ name, sandboxId });
      await (await provider.attach(sandboxId)).terminate();
      const row = await store.sandboxes.find(name);
      if (row?.sandboxId === sandboxId) await store.sandboxes.recordEnded(row, endReason);
      this.#report.ended.push({ sandboxId, name, why });
      log('reaper: ended a sandbox that nobody owned', { sandbox: name, sandboxId, why });
    });
  }

  async #isAbandoned(row: SandboxRecord): Promise<boolean> {
    const { store, provider } = this.#deps;
    // One that runs is judged among the running ones.
    if (isKnownOpen(row) && row.sandboxId !== null) {
      if (await (await provider.attach(row.sandboxId)).isRunning()) return false;
    } else if (!isOldIntent(row, Date.now()) || (await provider.findByName(row.name)) !== null) return false;
    const newest = await store.sandboxes.findNewest(row.sessionId);
    if (newest !== null && newest.generation > row.generation) return true;
    const life = await this.#lifeOf(row.sessionId);
    return life.kind !== 'running' || !life.ownsSandbox;
  }

  /** The event log outlives Temporal's memory: a session whose end is in it is closed. */
  async #lifeOf(sessionId: string): Promise<SessionLife> {
    const asking = this.#lives.get(sessionId) ?? this.#askLife(sessionId);
    this.#lives.set(sessionId, asking);
    return asking;
  }

  async #askLife(sessionId: string): Promise<SessionLife> {
    const life = await this.#deps.lookUpSession(sessionId);
    if (life.kind !== 'unknown') return life;
    const ends = await this.#deps.store.events.readLast(sessionId, { limit: 1, types: ['session.closed'] });
    return ends.length > 0 ? { kind: 'closed' } : life;
  }
}
