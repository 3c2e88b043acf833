import { expect, test } from 'vitest';
import type { CodeReport, RunCodeInput } from '../../src/activities/types.ts';
import type { ExecutionRequest, ExecutionResult } from '../../src/contracts/execution.ts';
import { failureTypes } from '../../src/contracts/failures.ts';
import { executeCode } from '../../src/workflows/execute-code.ts';
import { fail, scriptedActivities } from './support/scripted-activities.ts';
import type { ScriptedActivities } from './support/scripted-activities.ts';
import { SessionHarness } from './support/session-harness.ts';

const harness = new SessionHarness();

const done: CodeReport = {
  kind: 'ended',
  outcome: { status: 'exited', exitCode: 0 },
  durationMs: 1_500,
  stdout: '1\n',
  stderr: '',
};

let count = 0;

async function play(
  activities: ScriptedActivities,
  code: (input: RunCodeInput) => CodeReport,
  more: Partial<ExecutionRequest> = {},
): Promise<ExecutionResult> {
  const workflowId = `execution-e${(count += 1)}`;
  const taskQueue = `queue-${workflowId}`;
  const args: [ExecutionRequest] = [
    { executionId: workflowId, language: 'python', code: 'print(1)', ...more },
  ];
  let result: ExecutionResult | undefined;
  const runCode = async (input: RunCodeInput): Promise<CodeReport> => code(input);
  await harness.withWorker({ taskQueue, activities: { ...activities, runCode } }, async () => {
    result = await harness.client.workflow.execute(executeCode, { taskQueue, workflowId, args });
  });
  if (result === undefined) throw new TypeError('the execution has no result');
  return result;
}

test('takes its id before it has a sandbox, and ends the sandbox', async () => {
  const activities = scriptedActivities({});
  expect(await play(activities, () => done)).toMatchObject({ status: 'success', durationSeconds: 1.5 });
  expect(activities.calls).toEqual(['record', 'create g1', 'start g1 new', 'end']);
});

test('an id that an earlier execution had fails it, and nothing is created', async () => {
  const activities = scriptedActivities({
    record: () => fail(failureTypes.sessionIdUsed, 'the id was used'),
  });
  await expect(play(activities, () => done)).rejects.toMatchObject({
    cause: { type: failureTypes.sessionIdUsed, message: 'the id was used' },
  });
  expect(activities.calls).not.toContainEqual(expect.stringContaining('create'));
});

test('code that certainly had not begun is run in another sandbox, three in all', async () => {
  const once = scriptedActivities({});
  const results = [{ kind: 'not-run', cause: 'gone' } as const, done];
  expect(await play(once, () => results.shift() ?? done)).toMatchObject({ sandboxId: 'sb-2' });
  const never = scriptedActivities({});
  expect(await play(never, () => ({ kind: 'not-run', cause: 'gone' }))).toMatchObject({
    status: 'crashed',
    message: expect.stringContaining('3 times before the code began: gone'),
  });
  expect(never.calls.filter((call) => call.startsWith('create'))).toHaveLength(3);
});

test('code that may have begun is never run again', async () => {
  const outcome = { status: 'lost', message: 'its sandbox is gone' } as const;
  const activities = scriptedActivities({});
  expect(await play(activities, () => ({ ...done, outcome }))).toMatchObject({
    status: 'crashed',
    exitCode: null,
    stdout: '1\n',
    message: outcome.message,
  });
  expect(activities.calls.filter((call) => call.startsWith('create'))).toHaveLength(1);
});

test('a request that is not valid fails it with a sentence', async () => {
  const activities = scriptedActivities({});
  await expect(play(activities, () => done, { workdir: 'here' })).rejects.toMatchObject({
    cause: { type: failureTypes.invalidInput, message: expect.stringContaining('absolute path') },
  });
  expect(activities.calls).toEqual([]);
});
