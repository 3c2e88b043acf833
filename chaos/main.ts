/** `npm run chaos`: plays the scenario undisturbed, then again with one fault at each of its points, and prints a table. */
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../src/config.ts';
import { stopRequest } from '../src/dev/processes/stop-request.ts';
import { bundleWorkflows } from '../src/workflow-bundle.ts';
import { campaignKey } from './campaign-key.ts';
import { Stopped } from './campaign.ts';
import type { CampaignOptions } from './campaign.ts';
import { InvalidOptions, parseOptions, usage } from './options.ts';
import type { Options } from './options.ts';
import { playSetting } from './play-setting.ts';
import type { SettingResult } from './play-setting.ts';
import { writePart } from './report/document.ts';
import { renderReport } from './report/report.ts';
import { RunLog } from './run-log.ts';
import { renderPlanted } from './report/planted-table.ts';
import { playPlanted } from './planted/play-planted.ts';
import { settings } from './setting.ts';

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') return console.log(usage);
  const stop = new AbortController();
  void stopRequest().then((reason) => stop.abort(new Stopped(reason)));
  process.on('uncaughtException', (error) => {
    // Temporal's client throws it from a timer when a call is to be repeated on a connection that was closed meanwhile.
    if (error.message === 'Channel has been shut down') return;
    console.error(error);
    stop.abort(new Stopped('ended by an error of the harness'));
  });
  if (options.planted) return plant(options, stop.signal);
  // What is only listed is not kept.
  const file = options.list ? undefined : options.log;
  const root = join(import.meta.dirname, '..');
  const log = await RunLog.open(file, file === undefined ? '' : await campaignKey(root, options));
  const results = await withBundle(async (workflowBundle) =>
    playSettings(options, { workflowBundle, log, stop: stop.signal }),
  );
  if (options.list) return;
  const report = await renderReport(results, { ...options, tookMinutes: log.tookMinutes });
  console.log(report);
  stop.signal.throwIfAborted();
  if (options.write) progress(`written to ${await writePart('table', report)}`);
  const failed = results.flatMap(({ records }) => records).filter(({ violations }) => violations.length > 0);
  if (failed.length > 0) throw new Stopped(`${failed.length} runs violated what Harvest promises`);
  const unstruck = results.flatMap((result) => result.unstruck);
  if (unstruck.length > 0) throw new Stopped(`not struck: ${unstruck.join(', ')}`);
}

async function plant(options: Options, signal: AbortSignal): Promise<void> {
  const results = await playPlanted({ only: options.only, seed: options.seed, signal, progress });
  const table = renderPlanted(results);
  console.log(table);
  signal.throwIfAborted();
  if (options.write) progress(`written to ${await writePart('planted', table)}`);
  const missed = results.filter(({ caughtBy }) => caughtBy.length === 0);
  if (missed.length > 0) throw new Stopped(`${missed.length} planted bugs were not caught`);
}

async function playSettings(
  options: Options,
  { workflowBundle, log, stop }: { workflowBundle: string; log: RunLog; stop: AbortSignal },
): Promise<SettingResult[]> {
  const base: Omit<CampaignOptions, 'setting' | 'prefix' | 'onRecord'> = {
    lane: {
      cacheDirectory: readConfig().cacheDirectory,
      workflowBundle,
      workerProgram: join(import.meta.dirname, 'worker', 'main.ts'),
      log: () => undefined,
    },
    seed: options.seed,
    parallel: options.parallel,
    stop,
    deadlineMs: performance.now() + options.minutes * 60_000,
  };
  progress(`seed ${options.seed}`);
  const results: SettingResult[] = [];
  for (const setting of settings) {
    if (stop.aborted) break;
    if (options.setting !== undefined && options.setting !== setting.name) continue;
    const faults = setting.faults.filter(({ name }) => options.only?.includes(name) ?? true);
    if (faults.length === 0 && options.only?.includes('none') !== true) continue;
    results.push(await playSetting({ ...setting, faults }, { ...base, options, log, progress, details }));
  }
  return results;

  async function details(lines: readonly string[]): Promise<void> {
    if (options.details !== undefined) await appendFile(options.details, `${lines.join('\n')}\n`);
  }
}

async function withBundle<T>(use: (file: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'harvest-chaos-'));
  try {
    const file = join(directory, 'bundled-workflows.js');
    await writeFile(file, await bundleWorkflows());
    return await use(file);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Results go to stdout alone. */
function progress(line: string): void {
  console.error(line);
}

// Nothing left to wait for is no success: only the end of `main` is.
process.exitCode = 1;
try {
  await main();
  process.exit(0);
} catch (error) {
  const expected = error instanceof InvalidOptions || error instanceof Stopped;
  console.error(expected ? error.message : error);
  // What was being played may still wait for something that is gone.
  process.exit(1);
}
