/** Checks that a turn was recorded before it acted, and once in every generation it ran in (I2). */
import { isTurnEnd } from '../../src/contracts/events.ts';
import type { Evidence } from './evidence.ts';

const acts: readonly string[] = ['agent.text', 'agent.text.delta', 'agent.thinking.delta', 'tool.started'];

export function checkTurnBeginnings({ log, prompts }: Evidence): string[] {
  return prompts.flatMap(({ id }) => {
    const ofTurn = log.filter(({ turnId }) => turnId === id);
    const generations = Map.groupBy(ofTurn, ({ generation }) => generation);
    return [...generations].flatMap(([generation, events]) => {
      const begun = events.filter(({ type }) => type === 'turn.started');
      const first = events.find((event) => acts.includes(event.type) || isRunsEnd(event));
      const where = `turn ${id} in generation ${generation}`;
      if (begun.length > 1) return [`${where} has ${begun.length} events turn.started`];
      const tooEarly = first !== undefined && first.seq < (begun[0]?.seq ?? Infinity);
      return tooEarly ? [`${where} has ${first.type} before it has turn.started`] : [];
    });
  });
}

/** The end of a turn that ran: the session itself ends others. */
function isRunsEnd(event: Evidence['log'][number]): boolean {
  return isTurnEnd(event) && event.type === 'turn.completed';
}
