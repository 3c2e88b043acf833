/**
 * Moves a generation's journal into the event log, from whichever request streams it: a start, a turn, an exec, a drain.
 * Keeps I5 (the store skips what it has, whoever sends it) and the order on which restores rely: a turn's carried work
 * and checkpoint are stored before the event that says the turn ended.
 */
import type { Checkpoint } from '../contracts/checkpoint.ts';
import type { JournalRecord } from '../contracts/supervisor.ts';
import { eventOf } from './journal-events.ts';
import { streamJournal } from './journal-stream.ts';
import type { PlacedRecord } from './journal-stream.ts';
import { NobodyListens, SupervisorRefused } from './supervisor-client.ts';
import type { SupervisorRequest } from './supervisor-client.ts';
import { isTurnStop, saveTurnCheckpoint } from './turn-checkpoint.ts';
import type { CheckpointContext, TurnStop } from './turn-checkpoint.ts';

export type PumpOptions = CheckpointContext & {
  /** Called with the journal offset up to which everything is in the event log. */
  onProgress?: (cursor: number) => void;
  /** Called with every record that comes, before it is stored. */
  onRecord?: (record: JournalRecord) => void;
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
    if (isTurnStop(end.record)) await this.checkpointOf(end.record);
    return end.record;
  }

  /** The checkpoint of a turn that ended or was suspended, saved if it is not yet. */
  async checkpointOf(stop: TurnStop): Promise<Checkpoint> {
    return saveTurnCheckpoint(this.#options, stop);
  }

  async #store(records: PlacedRecord[]): Promise<void> {
    let batch: PlacedRecord[] = [];
    for (const placed of records) {
      this.#options.onRecord?.(placed.record);
      if (isTurnStop(placed.record)) {
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
