/** Under which ids the runs of one turn stand in a transcript. Pure. */
import type { TranscriptEntry } from '../../contracts/transcript.ts';
import { runUuid, type Uuid } from './message-uuid.ts';

export type TurnAt = { sessionId: string; generation: number; turnId: string };

export class RunIds {
  readonly #at: TurnAt;

  constructor(at: TurnAt) {
    this.#at = at;
  }

  of(run: number, generation = this.#at.generation): Uuid {
    return runUuid({ ...this.#at, generation, run });
  }

  /** Of this generation, that run included. */
  upTo(run: number): ReadonlySet<string> {
    return new Set(this.#range(run + 1, this.#at.generation));
  }

  isHeld(entries: readonly TranscriptEntry[], run: number): boolean {
    return holdsAny(entries, new Set([this.of(run)]));
  }

  /** An earlier run told it; of an earlier generation only where the turn goes on from there: else it begins anew. */
  holdsPrompt(
    entries: readonly TranscriptEntry[],
    { continuation, carriedOver }: { continuation: number; carriedOver: object | null },
  ): boolean {
    const { generation } = this.#at;
    const here = this.#range(continuation, generation);
    const earlier = Array.from({ length: generation - 1 }, (_, index) =>
      this.#range(continuation + 1, index + 1),
    );
    return holdsAny(entries, new Set(carriedOver === null ? here : [...here, ...earlier.flat()]));
  }

  #range(runs: number, generation: number): Uuid[] {
    return Array.from({ length: runs }, (_, run) => this.of(run, generation));
  }
}

function holdsAny(entries: readonly TranscriptEntry[], ids: ReadonlySet<string>): boolean {
  return entries.some(({ uuid }) => uuid !== undefined && ids.has(uuid));
}
