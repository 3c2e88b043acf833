/** `npm run bench`: measures Harvest on an embedded stack of its own, and prints a Markdown table. */
import { readConfig } from '../src/config.ts';
import { stopRequest } from '../src/dev/processes/stop-request.ts';
import { writeFigures } from './document.ts';
import { measureAll } from './measure-all.ts';
import { InvalidOptions, benchUsage, parseOptions } from './options.ts';
import { fullPlan, quickPlan } from './plan.ts';
import { renderResults } from './report.ts';
import { openScene } from './scene.ts';
import type { Scene } from './scene.ts';

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
    return Promise.race([measureAll(scene, plan), stop.promise]).finally(() => clearTimeout(deadline));
  });
  const text = renderResults(results, options);
  console.log(text);
  if (results.failures.length > 0) throw new Stopped(results.failures.join('\n'));
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
