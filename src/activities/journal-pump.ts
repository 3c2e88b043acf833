/**
 * Moves a generation's journal into the event log, from whichever request streams it: a start, a turn, an exec, a drain.
 * Keeps I5 (the store skips what it has, whoever sends it) and the order on which restores rely: a turn's carried work
 * and checkpoint are stored before the event that says the turn ended.
 */
import { turnCheckpointId } from '../contracts/ids.ts';
import type { Checkpoint } from '../contracts/checkpoint.ts';
import type { JournalRecord } from '../contracts/supervisor.ts';
import type { Sandbox } from '../sandbox/provider.ts';
import type { ActivityDeps } from './deps.ts';
import { eventOf } from './journal-events.ts';
import { streamJournal } from './journal-stream.ts';
import type { PlacedRecord } from './journal-stream.ts';
import { NobodyListens, SupervisorAbsent, SupervisorRefused, ask } from './supervisor-client.ts';
import type { SupervisorRequest } from './supervisor-client.ts';

type TurnEnded = Extract<JournalRecord, { kind: 'turn.ended' }>;

export type PumpOptions = {
  deps: Pick<ActivityDeps, 'store'>;
  sandbox: Sandbox;
  sessionId: string;
  generation: number;
  signal: AbortSignal;
  /** Called with the journal offset up to which everything is in the event log. */
  onProgress?: (cursor: number) => void;
};

export class JournalPump {
  readonly #options: PumpOptions;
  #reached = false;

  constructor(options: PumpOptions) {
    this.#options = options;
  }

  /**
   * A request got into the sandbox and was not refused: nobody can say any more that the supervisor has not read it, or
   * done what it asks for.
   */
  get reached(): boolean {
    return this.#reached;
  }

  /** Where the event log is in this generation's journal. */
  async cursor(): Promise<number> {
    const { deps, sessionId, generation } = this.#options;
    return deps.store.journal.cursor(sessionId, generation);
  }

  /**
   * Posts `body` with the offset to start from, stores what comes, and returns the record that ended what was asked for
   * (null for `/journal`).
   */
  async stream(
    path: string,
    body: Record<string, unknown> | null,
    more: Pick<SupervisorRequest, 'namedSecrets'> = {},
  ): Promise<JournalRecord | null> {
    const from = await this.cursor();
    const before = this.#reached;
    const end = await streamJournal(this.#options.sandbox, {
      ...more,
      path: body === null ? `${path}?from=${from}` : path,
      ...(body === null ? {} : { body: JSON.stringify({ ...body, from }) }),
      from,
      signal: this.#options.signal,
      onSent: () => (this.#reached = true),
      onRecords: (records) => this.#store(records),
    }).catch((error: unknown) => {
      if (error instanceof SupervisorRefused || error instanceof NobodyListens) this.#reached = before;
      throw error;
    });
    if (end.record?.kind === 'turn.ended') await this.checkpointOf(end.record);
    return end.record;
  }

  /** The checkpoint of a turn that ended, saved if it is not yet. */
  async checkpointOf(ended: TurnEnded): Promise<Checkpoint> {
    const { deps, sessionId, generation, sandbox, signal } = this.#options;
    const checkpointId = turnCheckpointId(ended.turnId);
    const saved = await deps.store.checkpoints.find(sessionId, checkpointId);
    if (saved !== null) return saved;
    for (const work of ended.carried) {
      if (work.bytes === 0 || (await deps.store.carriedWork.read(sessionId, work.sha256)) !== null) continue;
      const query = new URLSearchParams({ turnId: ended.turnId, repository: work.repository });
      const bundle = await ask(sandbox, { path: `/carry?${query.toString()}`, signal });
      const { sha256 } = await deps.store.carriedWork.save(sessionId, bundle);
      if (sha256 !== work.sha256)
        throw new SupervisorAbsent(`the carried work of ${work.repository} came incomplete`);
    }
    const checkpoint: Checkpoint = {
      checkpointId,
      sessionId,
      generation,
      turnId: ended.turnId,
      at: ended.at,
      carried: ended.carried,
      transcript: await deps.store.transcripts.position(sessionId),
      snapshot: null,
    };
    await deps.store.checkpoints.save(checkpoint);
    return checkpoint;
  }

  async #store(records: PlacedRecord[]): Promise<void> {
    let batch: PlacedRecord[] = [];
    for (const placed of records) {
      if (placed.record.kind === 'turn.ended') {
        await this.#append(batch);
        batch = [];
        await this.checkpointOf(placed.record);
      }
      batch.push(placed);
    }
    await this.#append(batch);
  }

  async #append(records: PlacedRecord[]): Promise<void> {
    const first = records[0];
    const last = records.at(-1);
    if (first === undefined || last === undefined) return;
    const { deps, sessionId, generation, onProgress } = this.#options;
    const { cursor } = await deps.store.journal.append({
      sessionId,
      generation,
      fromOffset: first.offset,
      nextOffset: last.endOffset,
      items: records.map(({ offset, endOffset, record }) => ({
        offset,
        endOffset,
        at: record.at,
        event: eventOf(record),
        ...(record.kind === 'transcript' ? { transcript: record.batch } : {}),
      })),
    });
    onProgress?.(cursor);
  }
}
