/** Checks of what was done outside the sandbox. */
import type { SessionEvent } from '../../src/client.ts';
import type { Evidence } from './evidence.ts';
import { windowsOf } from './windows.ts';

/** Exactly once; more only where the event log itself says that the turn ran again, once more for each time. */
export function checkEffects({ prompts, effects, log }: Evidence): string[] {
  return prompts.flatMap((prompt) => {
    const turns: readonly (string | undefined)[] = [
      prompt.id,
      ...(prompt.within === undefined ? [] : [prompt.within]),
    ];
    const again = log.filter(
      ({ type, turnId }) =>
        turns.includes(turnId) && (type === 'turn.restarted' || type === 'turn.continued'),
    ).length;
    return prompt.effects.flatMap((effect) => {
      const count = effects(effect);
      if (count < 1) return [`effect ${effect} of turn ${prompt.id} did not happen`];
      if (count > 1 + again) return [`effect ${effect} of turn ${prompt.id} happened ${count} times`];
      return [];
    });
  });
}

/** A command is never run again; one that was lost may have run. A blow to sandbox or agent can lose one, no other can. */
export function checkExecs({ execs, effects, log, consequence, strikes }: Evidence): string[] {
  const isLost = (event: SessionEvent): boolean =>
    event.type === 'exec.finished' && event.data.outcome.status === 'lost';
  const inSandbox = consequence === 'restart' || consequence === 'continuation';
  const mayBeLost = new Set(
    inSandbox ? windowsOf(log, strikes).map(({ events }) => events.find(isLost)) : [],
  );
  return execs.flatMap((exec) => {
    const ends = log.filter((event) => event.type === 'exec.finished' && event.data.execId === exec.id);
    const [end] = ends;
    if (ends.length !== 1 || end?.type !== 'exec.finished') {
      return [`exec ${exec.id} has ${ends.length} events exec.finished`];
    }
    const { status } = end.data.outcome;
    const wrong = status === 'exited' ? end.data.outcome.exitCode !== 0 : !mayBeLost.has(end);
    const least = status === 'exited' ? 1 : 0;
    return [
      ...(wrong ? [`exec ${exec.id} ended as ${JSON.stringify(end.data.outcome)}`] : []),
      ...exec.effects
        .map((effect) => ({ effect, count: effects(effect) }))
        .filter(({ count }) => count < least || count > 1)
        .map(
          ({ effect, count }) => `effect ${effect} of exec ${exec.id} (${status}) happened ${count} times`,
        ),
    ];
  });
}

export function checkPushes({ pushes }: Evidence): string[] {
  if (pushes.seen === pushes.wanted) return [];
  return [`the git server took ${pushes.seen} pushes, not ${pushes.wanted}`];
}
