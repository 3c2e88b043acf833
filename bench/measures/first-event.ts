/** First agent event: cold CLI and warm turn side by side, and warm turns back to back. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../../src/client.ts';
import { prepareColdCli, timeColdCli, timeExec } from '../cold-cli.ts';
import type { Aim, Figure, Section } from '../figures.ts';
import type { Plan } from '../plan.ts';
import type { Scene } from '../scene.ts';
import { median } from '../statistics.ts';
import { timeTurn } from '../timed-turn.ts';
import type { TurnTimes } from '../timed-turn.ts';

const restMs = 300;

export async function measureFirstEvent(
  scene: Scene,
  session: Session,
  plan: Pick<Plan, 'spacedTurns' | 'backToBackTurns'>,
): Promise<Section> {
  const sandbox = await scene.sandboxOf(session);
  const model = { url: scene.relay.url, credential: scene.credential };
  await prepareColdCli(sandbox);
  // Its very first run writes its settings.
  await timeColdCli(sandbox, model);
  const cold: number[] = [];
  const exec: number[] = [];
  const spaced: TurnTimes[] = [];
  for (let index = 0; index < plan.spacedTurns; index += 1) {
    await sleep(restMs);
    cold.push(await timeColdCli(sandbox, model));
    await sleep(restMs);
    spaced.push(await timeTurn(scene, session));
    exec.push(await timeExec(sandbox));
  }
  const backToBack: TurnTimes[] = [];
  for (let index = 0; index < plan.backToBackTurns; index += 1) {
    backToBack.push(await timeTurn(scene, session));
  }
  const warm = spaced.map((times) => times.firstEventMs);
  scene.log(`cold CLI ${median(cold).toFixed(0)} ms, warm turn ${median(warm).toFixed(0)} ms`);
  const soonerThanCold: Aim = { percentile: 'p50', most: median(cold) };
  const figures: Figure[] = [
    { what: 'cold `claude -p`', unit: 'ms', samples: cold },
    { what: 'an exec of the provider that does nothing', unit: 'ms', samples: exec, part: true },
    { what: `warm turn through Harvest, ${restMs} ms apart`, unit: 'ms', samples: warm, aim: soonerThanCold },
    ...partsOf(spaced),
    {
      what: 'warm turn, back to back',
      unit: 'ms',
      samples: backToBack.map((times) => times.firstEventMs),
      aim: soonerThanCold,
    },
    ...partsOf(backToBack),
  ];
  const ratio = (median(warm) / median(cold)).toFixed(2);
  return {
    title: 'First agent event',
    text: `From the call to the first event of the model's answer, seen by a follower. A warm turn through Temporal, Modal's protocol and the supervisor needs ${ratio} of the time of a bare cold CLI in the same sandbox (medians).`,
    figures,
  };
}

function partsOf(turns: readonly TurnTimes[]): Figure[] {
  const part = (what: string, sample: (times: TurnTimes) => number): Figure => ({
    what,
    unit: 'ms',
    samples: turns.map(sample),
    part: true,
  });
  return [
    part('until the session recorded the prompt', (times) => times.acceptedMs),
    part('from the call until the agent asked the model', (times) => times.requestMs),
    part('from there to the follower', (times) => times.firstEventMs - times.requestMs),
    part('whole turn, from the call to its last event', (times) => times.endMs),
  ];
}
