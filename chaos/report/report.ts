/** What a campaign prints and `docs/reliability.md` keeps. */
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import * as z from 'zod';
import { packagePins } from '../../src/images/pins.ts';
import type { Options } from '../options.ts';
import type { SettingResult } from '../play-setting.ts';
import { renderTable } from './table.ts';

export async function renderReport(
  results: readonly SettingResult[],
  options: Pick<Options, 'seed' | 'parallel'> & { tookMinutes: number },
): Promise<string> {
  const rows = results.flatMap((result) => result.rows);
  const played = results.reduce((sum, { records }) => sum + records.length, 0);
  const planned = results.reduce((sum, result) => sum + result.planned, 0);
  const failedBefore = results.reduce((sum, result) => sum + result.failedBefore, 0);
  const { tookMinutes } = options;
  const facts = {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    seed: String(options.seed),
    'points of the scenario': results.map(({ points }) => points).join(' and '),
    runs: [
      played === planned ? String(played) : `${played} of ${planned} planned: it ended early`,
      ...(failedBefore === 0 ? [] : [`${failedBefore} of the planned ones had failed before`]),
    ].join('; '),
    took: `${tookMinutes.toFixed(0)} minutes, ${((tookMinutes * 60) / Math.max(1, played)).toFixed(1)} s for each run, ${options.parallel} side by side`,
    machine: `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}`,
    Node: process.versions.node,
    'Agent SDK': packagePins.agentSdk,
    'Temporal SDK': await temporalSdkVersion(),
  };
  return [...Object.entries(facts).map(([name, value]) => `- ${name}: ${value}`), '', renderTable(rows)].join(
    '\n',
  );
}

async function temporalSdkVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const { dependencies } = z
    .object({ dependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(text));
  return dependencies['@temporalio/worker'] ?? 'unknown';
}
