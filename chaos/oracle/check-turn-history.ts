/**
 * Whether turns were continued and restarted when they had to be, and never else (I2, I4). Looked at for every blow apart,
 * in the events from it to the next one: what one blow did too much does not make up for what another did not.
 *
 * What was running when the fault struck is read from the log: a turn that had begun and had not ended. Two moments leave
 * the choice to the session, and are let pass either way: a turn that was being interrupted (it is not run again because
 * something died at the same moment), and a turn whose beginning had not come out of the sandbox yet (whether it had begun
 * nobody outside knew).
 */
import type { SessionEvent } from '../../src/client.ts';
import { isTurnEnd } from '../../src/contracts/events.ts';
import type { Consequence } from '../faults/fault.ts';
import type { Evidence } from './evidence.ts';
import { undisturbed, windowsOf } from './windows.ts';
import type { Window } from './windows.ts';

type Bounds = Readonly<
  Record<'turn.continued' | 'turn.restarted' | 'sandbox.lost' | 'snapshot.failed', number>
>;

const none: Bounds = { 'turn.continued': 0, 'turn.restarted': 0, 'sandbox.lost': 0, 'snapshot.failed': 0 };

/** At most so many of each may come of one blow. */
const bounds: Readonly<Record<Consequence, Bounds>> = {
  nothing: none,
  continuation: { ...none, 'turn.continued': 1 },
  // A snapshot of the sandbox may have been under way.
  restart: { ...none, 'turn.restarted': 1, 'sandbox.lost': 1, 'snapshot.failed': 1 },
};

export function checkTurnHistory({ consequence, log, strikes }: Evidence): string[] {
  const windows = windowsOf(log, strikes);
  return [
    ...beyond(none, undisturbed(log, strikes), 'though nothing had struck'),
    ...windows.flatMap(({ afterSeq, events }) =>
      beyond(bounds[consequence ?? 'nothing'], events, `of the blow after event ${afterSeq}`),
    ),
    ...(consequence === 'continuation' ? windows.flatMap(missingContinuation) : []),
    ...(consequence === 'restart' ? [...windows.flatMap(missingRestart), ...lostWithoutRestart(log)] : []),
  ];
}

function beyond(most: Bounds, events: readonly SessionEvent[], where: string): string[] {
  return Object.entries(most).flatMap(([type, limit]) => {
    const count = events.filter((event) => event.type === type).length;
    return count <= limit ? [] : [`${count} events ${type} ${where}, not at most ${limit}`];
  });
}

type Running = {
  turnId: string | undefined;
  generation: number;
  /** Of this turn, from its beginning to the next blow. */
  events: readonly SessionEvent[];
};

/** The turn that had begun when it struck, and of which no end was known; not one that was being interrupted. */
function runningAt({ until, afterSeq }: Window): Running | null {
  const started = until.findLast(({ type, seq }) => type === 'turn.started' && seq <= afterSeq);
  if (started === undefined) return null;
  const { turnId, generation } = started;
  const events = until.filter((event) => event.seq > started.seq && event.turnId === turnId);
  const over = events.some((event) => event.seq <= afterSeq && isTurnEnd(event));
  const interrupted = events.some(({ type }) => type === 'turn.interrupting');
  return over || interrupted ? null : { turnId, generation, events };
}

/** Something of the agent had been seen: one that has said nothing loses nothing, and its turn simply goes on. */
function missingContinuation(window: Window): string[] {
  const running = runningAt(window);
  if (running === null) return [];
  const known = running.events.filter(({ seq }) => seq <= window.afterSeq);
  const after = running.events.filter(({ seq }) => seq > window.afterSeq);
  const spoke = known.some(({ type }) => type === 'tool.started' || type === 'agent.text.delta');
  const continued = after.some(({ type }) => type === 'turn.continued');
  if (!spoke || continued || endedByItself(after)) return [];
  return [`turn ${running.turnId} lost its agent and was not continued`];
}

/** Its result was on the way out already: no other agent was started for it, which begins with `agent.ready`. */
function endedByItself(after: readonly SessionEvent[]): boolean {
  return after.some(isTurnEnd) && !after.some(({ type }) => type === 'agent.ready');
}

/** The turn that ran in the sandbox that was struck was restarted, unless its end was on the way out already. */
function missingRestart(window: Window): string[] {
  const running = runningAt(window);
  if (running === null) return [];
  const after = running.events.filter(({ seq }) => seq > window.afterSeq);
  const restarted = after.some(({ type }) => type === 'turn.restarted');
  const ended = after.some((event) => isTurnEnd(event) && event.generation === running.generation);
  return restarted || ended
    ? []
    : [`turn ${running.turnId} ran when its sandbox was struck and was not restarted`];
}

/** For every sandbox that the session says it lost, however late: a turn that had begun in it and not ended was restarted. */
function lostWithoutRestart(log: readonly SessionEvent[]): string[] {
  return log
    .filter(({ type }) => type === 'sandbox.lost')
    .flatMap((lost) => {
      const running = runningAt({ afterSeq: lost.seq, until: log, events: [] });
      if (running === null || running.generation !== lost.generation) return [];
      const restarted = running.events.some(({ type, seq }) => type === 'turn.restarted' && seq > lost.seq);
      return restarted
        ? []
        : [`turn ${running.turnId} ran in the sandbox that was lost and was not restarted`];
    });
}
