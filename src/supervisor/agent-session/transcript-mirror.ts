/**
 * The transcript on its way out of the sandbox: the agent hands over its entries, they go through the journal. Entries that
 * never came (the agent was killed before it handed them over) are added from its own file, before any later one.
 */
import type { SessionKey, SessionStore, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import type { TranscriptEntry } from '../../contracts/transcript.ts';
import type { Recorder } from '../recorder.ts';

/** Of what is caught up at once, in one record. */
const batchEntries = 100;

export class TranscriptMirror {
  readonly #recorder: Recorder;
  readonly #restored: string | null;
  #gotEntries = false;

  /** `restored`: the conversation that the agent is to go on with. */
  constructor(recorder: Recorder, restored: string | null) {
    this.#recorder = recorder;
    this.#restored = restored;
  }

  /** The newest one: the agent may begin a new conversation by itself. */
  get agentSessionId(): string | null {
    return this.#recorder.generation.agentSessionId ?? this.#restored;
  }

  /** Whether anything of the running turn came. */
  get gotEntries(): boolean {
    return this.#gotEntries;
  }

  beginTurn(): void {
    this.#gotEntries = false;
  }

  readonly store: SessionStore = {
    append: async (key: SessionKey, entries: SessionStoreEntry[]) => {
      this.#append(key.sessionId, entries, key.subpath);
      return Promise.resolve();
    },
    // Loading through the SDK would move the agent's folder to a root-only place: its file is written for it instead.
    load: async () => Promise.resolve(null),
  };

  /** `entries`: the whole of the agent's own file. */
  catchUp(entries: readonly TranscriptEntry[]): void {
    const { generation } = this.#recorder;
    const missing = entries.filter(({ uuid }) => uuid !== undefined && !generation.hasMirrored(uuid));
    const { agentSessionId } = this;
    if (agentSessionId === null) return;
    for (let start = 0; start < missing.length; start += batchEntries) {
      this.#append(agentSessionId, missing.slice(start, start + batchEntries));
    }
  }

  #append(agentSessionId: string, entries: readonly TranscriptEntry[], subpath?: string): void {
    this.#gotEntries = true;
    const batch = { agentSessionId, ...(subpath === undefined ? {} : { subpath }), entries: [...entries] };
    this.#recorder.record({ kind: 'transcript', batch });
  }
}
