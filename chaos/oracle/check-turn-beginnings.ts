/** Checks that a turn was recorded before it acted, and once in every generation it ran in (I2). */
import type { Evidence } from './evidence.ts';

/** `turn.completed` comes of a turn that ran; other ends are told by the session itself, too. */
const acts: readonly string[] = [
  'agent.text',
  'agent.text.delta',
  'agent.thinking.delta',
  'tool.started',
  'turn.completed',
];

export function checkTurnBeginnings({ log, prompts }: Evidence): string[] {
  return prompts.flatMap(({ id }) => {
    const ofTurn = log.filter(({ turnId }) => turnId === id);
    const generations = Map.groupBy(ofTurn, ({ generation }) => generation);
    return [...generations].flatMap(([generation, events]) => {
      const begun = events.filter(({ type }) => type === 'turn.started');
      const first = events.find((event) => acts.includes(event.type));
      const where = `turn ${id} in generation ${generation}`;
      if (begun.length > 1) return [`${where} has ${begun.length} events turn.started`];
      const tooEarly = first !== undefined && first.seq < (begun[0]?.seq ?? Infinity);
      return tooEarly ? [`${where} has ${first.type} before it has turn.started`] : [];
    });
  });
}
