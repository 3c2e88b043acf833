/**
 * Whether turns were continued and restarted when they had to be, and never else (I2, I4).
 *
 * What was running when the fault struck is read from the log: a turn of the struck generation that had begun and had not
 * ended. Two moments leave the choice to the session, and are let pass either way: a turn that was being interrupted (it
 * is not run again because something died at the same moment), and a turn whose beginning had not come out of the sandbox
 * yet (whether it had begun nobody outside knew).
 */
import type { SessionEvent } from '../../src/client.ts';
import { isTurnEnd } from '../../src/contracts/events.ts';
import type { Evidence } from './evidence.ts';

export function checkTurnHistory(evidence: Evidence): string[] {
  const { consequence, log, strikes } = evidence;
  const all = (type: SessionEvent['type']) => log.filter((event) => event.type === type);
  const counts = {
    continued: all('turn.continued').length,
    restarted: all('turn.restarted').length,
    lost: all('sandbox.lost').length,
    'snapshot failed': all('snapshot.failed').length,
  };
  switch (consequence) {
    case null:
    case 'nothing':
      return Object.entries(counts).flatMap(([what, count]) =>
        count === 0 ? [] : [`the log says "${what}" ${count} times, though no sandbox or agent was touched`],
      );
    case 'continuation':
      return [
        ...atMost('turn.restarted', counts.restarted, 0),
        ...atMost('sandbox.lost', counts.lost, 0),
        ...atMost('turn.continued', counts.continued, strikes.length),
        ...strikes.flatMap((struckAfterSeq) => missingContinuation(log, struckAfterSeq)),
      ];
    case 'restart':
      return [
        ...atMost('turn.continued', counts.continued, 0),
        ...atMost('turn.restarted', counts.restarted, strikes.length),
        ...atMost('sandbox.lost', counts.lost, strikes.length),
        ...missingRestart(log),
      ];
  }
}

function atMost(type: string, count: number, most: number): string[] {
  return count <= most ? [] : [`${count} events ${type}, not at most ${most}`];
}

/** Something of the agent had been seen: one that has said nothing loses nothing, and its turn simply goes on. */
function missingContinuation(log: readonly SessionEvent[], struckAfterSeq: number): string[] {
  const before = log.slice(0, struckAfterSeq);
  const started = before.findLast(({ type }) => type === 'turn.started');
  if (started === undefined) return [];
  const since = log.filter(({ seq, turnId }) => seq > started.seq && turnId === started.turnId);
  const known = since.filter(({ seq }) => seq <= struckAfterSeq);
  const spoke = known.some(({ type }) => type === 'tool.started' || type === 'agent.text.delta');
  const over = known.some(isTurnEnd) || since.some(({ type }) => type === 'turn.interrupting');
  const continued = since.some(({ type, seq }) => type === 'turn.continued' && seq > struckAfterSeq);
  if (!spoke || over || continued || endedByItself(since, struckAfterSeq)) return [];
  return [`turn ${started.turnId} lost its agent and was not continued`];
}

/** Its result was on the way out already: no other agent was started for it, which begins with `agent.ready`. */
function endedByItself(since: readonly SessionEvent[], struckAfterSeq: number): boolean {
  const after = since.filter(({ seq }) => seq > struckAfterSeq);
  return after.some(isTurnEnd) && !after.some(({ type }) => type === 'agent.ready');
}

/** For every lost sandbox: a turn that had begun in it and not ended was restarted. */
function missingRestart(log: readonly SessionEvent[]): string[] {
  return log
    .filter(({ type }) => type === 'sandbox.lost')
    .flatMap((lost) => {
      const before = log.filter(({ seq }) => seq < lost.seq);
      const started = before.findLast(({ type }) => type === 'turn.started');
      if (started === undefined || started.generation !== lost.generation) return [];
      const ofTurn = log.filter(({ turnId }) => turnId === started.turnId);
      const over = ofTurn.some((event) => event.seq < lost.seq && isTurnEnd(event));
      const interrupted = ofTurn.some(({ type }) => type === 'turn.interrupting');
      const restarted = ofTurn.some(({ type, seq }) => type === 'turn.restarted' && seq > lost.seq);
      return over || interrupted || restarted
        ? []
        : [`turn ${started.turnId} was running in the lost sandbox and was not restarted`];
    });
}
