/**
 * The journal of one generation with what follows from it: starts, turns and execs. Everything that enters the journal
 * goes through here once more when it is read again, so the records in memory and on disk cannot differ (I2).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEntries } from './agent-session/transcript-entries.ts';
import type { JournalRecord } from '../contracts/supervisor.ts';
import { ExecRecord } from './execs/exec-record.ts';
import { StartRecord } from './start/start-record.ts';
import { TurnRecord } from './turns/turn-record.ts';
import { Journal, type Span } from './journal/journal.ts';
import { recordsOf } from './journal/lines.ts';

export class Generation {
  readonly starts = new StartRecord();
  readonly turns = new TurnRecord();
  readonly execs = new ExecRecord();
  readonly #mirrored = new Set<string>();
  #agentSessionId: string | null = null;
  readonly number: number;
  /** Root-only; also holds the bundles of carried work. */
  readonly folder: string;
  readonly journal: Journal;

  private constructor(number: number, folder: string) {
    this.number = number;
    this.folder = folder;
    this.journal = Journal.open(join(folder, 'journal.jsonl'));
  }

  static async open(statePath: string, number: number): Promise<Generation> {
    const generation = new Generation(number, join(statePath, `g${number}`));
    for await (const { record, span } of recordsOf(generation.journal)) generation.#apply(record, span);
    await generation.learnRestored();
    return generation;
  }

  append(record: JournalRecord): Span {
    const span = this.journal.append(record);
    this.#apply(record, span);
    return span;
  }

  /** Whether the worker knows that entry of the transcript: it is in the journal, or came with the restore. */
  hasMirrored(entryUuid: string): boolean {
    return this.#mirrored.has(entryUuid);
  }

  /** The conversation that the agent works on: it says so before it acts on the first prompt. */
  get agentSessionId(): string | null {
    return this.#agentSessionId;
  }

  /** Entries that the worker sent for the restore are known to it: they are not mirrored again. */
  async learnRestored(): Promise<void> {
    const lines = await readFile(this.restoredTranscript, 'utf8').catch(() => '');
    for (const { uuid } of parseEntries(lines)) if (uuid !== undefined) this.#mirrored.add(uuid);
  }

  /** Where the start puts them. */
  get restoredTranscript(): string {
    return join(this.folder, 'restored-transcript.jsonl');
  }

  #apply(record: JournalRecord, span: Span): void {
    this.starts.apply(record, span);
    this.turns.apply(record, span);
    this.execs.apply(record, span);
    if (record.kind === 'event' && record.event.type === 'agent.ready') {
      this.#agentSessionId = record.event.data.agentSessionId;
    }
    if (record.kind !== 'transcript') return;
    for (const { uuid } of record.batch.entries) if (uuid !== undefined) this.#mirrored.add(uuid);
  }
}
