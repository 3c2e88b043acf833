/** The fault harness itself, on a few points drawn by a seed. `npm run chaos` tries all of them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { playAll } from '../../chaos/campaign.ts';
import { allFaults } from '../../chaos/faults/all.ts';
import { planRuns } from '../../chaos/plan.ts';
import { Random } from '../../chaos/random.ts';
import { scenario } from '../../chaos/scenario/steps.ts';
import { readConfig } from '../../src/config.ts';
import { bundleWorkflows } from '../../src/workflow-bundle.ts';

const seed = Number(process.env['HARVEST_TEST_SEED'] ?? 1);
const tried = ['worker-kill', 'temporal-kill', 'sandbox-kill', 'supervisor-kill'];

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'harvest-chaos-'));
});
afterAll(async () => rm(directory, { recursive: true }));

test('whatever is killed, nothing is lost and nothing is done twice', async () => {
  const workflowBundle = join(directory, 'bundled-workflows.js');
  await writeFile(workflowBundle, await bundleWorkflows());
  const setting = { name: 'scenario', what: 'the scenario', steps: scenario, faults: allFaults };
  const common = {
    setting,
    lane: {
      cacheDirectory: readConfig().cacheDirectory,
      workflowBundle,
      workerProgram: join(import.meta.dirname, '..', '..', 'chaos', 'worker', 'main.ts'),
      log: () => undefined,
    },
    seed,
    parallel: 2,
    stop: new AbortController().signal,
    deadlineMs: Infinity,
    onRecord: () => undefined,
  };
  const [quiet] = await playAll([null], { ...common, prefix: 'short-quiet' });
  const faults = allFaults.filter(({ name }) => tried.includes(name));
  const listings = [quiet?.reached ?? []];
  const aims = planRuns({ listings, faults, random: new Random(seed, 'short'), most: 1 });
  const records = await playAll(aims, { ...common, prefix: 'short' });
  expect(quiet?.violations, quiet?.details.join('\n')).toEqual([]);
  for (const { aim, violations, details } of records) {
    const what = `HARVEST_TEST_SEED=${seed}: ${aim?.fault.name} at ${aim?.points.join(', ')}`;
    expect(violations, [what, ...details].join('\n')).toEqual([]);
  }
  expect(records.flatMap(({ struck }) => struck).length).toBeGreaterThan(0);
}, 600_000);
