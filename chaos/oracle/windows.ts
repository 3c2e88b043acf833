/** A run's event log, cut where the fault struck. Pure. */
import type { SessionEvent } from '../../src/client.ts';

/** From one blow to the next, or to the end of the log. */
export type Window = {
  /** Of the event log when it struck. */
  afterSeq: number;
  /** Everything until the next blow, what was before this one included. */
  until: readonly SessionEvent[];
  /** What came of it. */
  events: readonly SessionEvent[];
};

/** One for each blow. */
export function windowsOf(log: readonly SessionEvent[], strikes: readonly number[]): Window[] {
  return strikes.map((afterSeq, index) => {
    const until = log.filter(({ seq }) => seq <= (strikes[index + 1] ?? Infinity));
    return { afterSeq, until, events: until.filter(({ seq }) => seq > afterSeq) };
  });
}

/** What was there before anything struck. */
export function undisturbed(
  log: readonly SessionEvent[],
  strikes: readonly number[],
): readonly SessionEvent[] {
  return log.filter(({ seq }) => seq <= (strikes[0] ?? Infinity));
}
