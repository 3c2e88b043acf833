/**
 * The replay gate: the workflows of the sources replay every recorded history. A history that does not replay is a session
 * in the field that would stop with this change.
 */
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker, bundleWorkflowCode } from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';
import { temporalLogger } from '../support/temporal-log.ts';
import { scenarios } from './scenarios/index.ts';
import { historyNames, readHistory, scenarioOf } from './support/history-files.ts';

/** What went wrong, by the history's name. */
const failures = new Map<string, string[]>();

function advice(name: string): string {
  const shows = scenarios[scenarioOf(name)]?.().shows ?? 'no scenario of this name';
  return (
    `The workflows no longer replay test/replay/histories/${name}.json (${shows}). ` +
    'Sessions that began before this change would stop at that point. Put what changed behind `patched()`: ' +
    'docs/upgrades.md says how, and when a history may be recorded anew instead.'
  );
}

/** Without the native part's own notation around it. */
function gist({ message }: Error): string {
  return /Nondeterminism error: [^"]*/.exec(message)?.[0].replace(/\\$/, '') ?? message;
}

function runIdOf({ events }: ReturnType<typeof historyFromJSON>): string {
  return events?.[0]?.workflowExecutionStartedEventAttributes?.originalExecutionRunId ?? '';
}

beforeAll(async () => {
  const workflowsPath = new URL('../../src/workflows/index.ts', import.meta.url).pathname;
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: temporalLogger });
  const nameOfRun = new Map<string, string>();
  const histories = historyNames().flatMap((name) =>
    readHistory(name).runs.map(({ workflowId, events }) => {
      const history = historyFromJSON({ events });
      nameOfRun.set(runIdOf(history), name);
      // A workflow may look at its own id.
      return { workflowId, history };
    }),
  );
  for await (const { runId, error } of Worker.runReplayHistories({ workflowBundle }, histories)) {
    const name = nameOfRun.get(runId) ?? runId;
    const known = failures.get(name) ?? [];
    failures.set(name, error === undefined ? known : [...known, gist(error)]);
  }
});

test.each(historyNames())('%s replays', (name) => {
  expect(failures.has(name), 'it was not replayed at all').toBe(true);
  expect(failures.get(name), advice(name)).toEqual([]);
});
