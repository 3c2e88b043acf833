/** `npm run bench`: measures Harvest on an embedded stack of its own, and prints a Markdown table. */
import { readConfig } from '../src/config.ts';
import { stopRequest } from '../src/dev/stack/stop-request.ts';
import { writeFigures } from './document.ts';
import type { Section } from './figures.ts';
import { describeMachine } from './machine.ts';
import { measureDelay } from './measures/delay.ts';
import { measureFirstEvent } from './measures/first-event.ts';
import { measureHistory } from './measures/history.ts';
import { measureLifecycles } from './measures/lifecycle.ts';
import { measureMemory } from './measures/memory.ts';
import { measureTakeover } from './measures/takeover.ts';
import { InvalidOptions, benchUsage, parseOptions } from './options.ts';
import { fullPlan, quickPlan } from './plan.ts';
import type { Plan } from './plan.ts';
import { renderResults } from './report.ts';
import { openScene } from './scene.ts';
import type { Scene } from './scene.ts';
import { timeTurn } from './timed-turn.ts';

class Stopped extends Error {
  override readonly name = 'Stopped';
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') return console.log(benchUsage);
  const plan = options.quick ? quickPlan : fullPlan;
  const stop = Promise.withResolvers<never>();
  stop.promise.catch(() => undefined);
  void stopRequest().then((reason) => stop.reject(new Stopped(reason)));
  const late = new Stopped(`not done after ${plan.deadlineSeconds} s: the machine is too busy to measure on`);
  const results = await withScene(async (scene) => {
    const deadline = setTimeout(() => stop.reject(late), plan.deadlineSeconds * 1_000);
    return Promise.race([measure(scene, plan), stop.promise]).finally(() => clearTimeout(deadline));
  });
  const text = renderResults({ ...results, quick: options.quick });
  console.log(text);
  if (options.write) progress(`written to ${await writeFigures(text)}`);
}

async function withScene<T>(use: (scene: Scene) => Promise<T>): Promise<T> {
  const scene = await openScene(readConfig().cacheDirectory, progress);
  try {
    return await use(scene);
  } finally {
    await scene.close();
  }
}

async function measure(scene: Scene, plan: Plan) {
  const machine = await describeMachine(scene.temporal);
  const worker = await scene.startWorker();
  const harvest = await scene.connect();
  const session = await scene.newSession(harvest);
  // Everything that happens once per process has happened then.
  await timeTurn(scene, session);
  await timeTurn(scene, session);
  scene.log('first agent event');
  const first = await measureFirstEvent(scene, session, plan);
  scene.log('delay');
  const delay = await measureDelay(scene, session, plan);
  scene.log('history');
  const history = await measureHistory(scene, session, plan);
  scene.log('start and restore');
  const lifecycles = await measureLifecycles(scene, harvest, plan);
  scene.log('killed workers');
  const takeover = await measureTakeover(scene, { session, worker }, plan);
  await session.terminate();
  scene.log('worker memory');
  const memory = await measureMemory(scene, plan);
  const sections: Section[] = [
    {
      title: 'First agent event',
      text: `From the call to the first event of the model's answer, seen by a follower. A warm turn through Temporal, Modal's protocol and the supervisor needs ${first.ratio.toFixed(2)} of the time of a bare cold CLI in the same sandbox (medians).`,
      figures: [...first.figures, ...lifecycles.firstTurn],
    },
    {
      title: 'Start and restore',
      text: 'From the call of `createSession`, or of `prompt` to a paused session, to `session.ready` at a follower.',
      figures: lifecycles.opening,
    },
    {
      title: 'Delay',
      text: 'Pieces of text 25 ms apart, so that each waits the 10 ms in which the supervisor joins them.',
      figures: delay,
    },
    { title: 'Temporal history of a turn', text: 'As `describe` tells it.', figures: history },
    {
      title: 'A worker killed in mid-turn',
      text: "From SIGKILL to the turn's next event at a follower.",
      figures: takeover,
    },
    { title: "A worker's memory", text: 'Resident set, sessions idle.', figures: memory },
  ];
  const notMeasured = ["Modal's cloud: session start and restore (aim: below 5 s) want credentials."];
  return { machine, sections, notMeasured };
}

/** Results go to stdout alone. */
function progress(line: string): void {
  console.error(line);
}

try {
  await main();
} catch (error) {
  const expected = error instanceof InvalidOptions || error instanceof Stopped;
  console.error(expected ? error.message : error);
  // What was being measured may still wait for something that is gone.
  process.exit(1);
}
