import { expect, test } from 'vitest';
import type { CodeReport, RunCodeInput } from '../../src/activities/types.ts';
import { bounds } from '../../src/contracts/bounds.ts';
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
  const executionId = `e${(count += 1)}`;
  const workflowId = `execution-${executionId}`;
  const taskQueue = `queue-${workflowId}`;
  const args: [ExecutionRequest] = [{ executionId, language: 'python', code: 'print(1)', ...more }];
  let result: ExecutionResult | undefined;
  const runCode = async (input: RunCodeInput): Promise<CodeReport> => code(input);
  await harness.withWorker({ taskQueue, activities: { ...activities, runCode } }, async () => {
    result = await harness.client.workflow.execute(executeCode, { taskQueue, workflowId, args });
  });
  if (result === undefined) throw new TypeError('the execution has no result');
  return result;
}

test('takes its id before it has a sandbox, and closes after it', async () => {
  const activities = scriptedActivities({});
  expect(await play(activities, () => done)).toMatchObject({ status: 'success', durationSeconds: 1.5 });
  expect(activities.calls).toEqual(['record', 'create g1', 'start g1 new', 'close']);
});

test('an id that an earlier execution had fails it, and nothing is created', async () => {
  const activities = scriptedActivities({
    record: () => fail(failureTypes.sessionIdUsed, 'the id was used'),
  });
  await expect(play(activities, () => done)).rejects.toMatchObject({
    cause: { type: failureTypes.sessionIdUsed, message: 'the id was used' },
  });
  // What the earlier one left is not its to end.
  expect(activities.calls).toEqual([]);
});

test('a store that does not answer is asked again', async () => {
  let asked = 0;
  const activities = scriptedActivities({
    record: () => {
      asked += 1;
      if (asked < 3) fail('Broken', 'the store does not answer');
    },
  });
  expect(await play(activities, () => done)).toMatchObject({ status: 'success' });
  expect(asked).toBe(3);
});

test('a result stays what it is when its sandbox cannot be ended', async () => {
  const activities = scriptedActivities({});
  const closeSession = async (): Promise<never> => fail('Broken', 'the store does not answer');
  expect(await play({ ...activities, closeSession }, () => done)).toMatchObject({ status: 'success' });
});

test('what the store contradicts fails it with its own type', async () => {
  const activities = scriptedActivities({ create: () => fail(failureTypes.inconsistent, 'another image') });
  await expect(play(activities, () => done)).rejects.toMatchObject({
    cause: { type: failureTypes.inconsistent, message: 'another image' },
  });
  expect(activities.calls.at(-1)).toBe('close');
});

test('an execution whose workflow has another id than its own fails with a sentence', async () => {
  const activities = scriptedActivities({});
  await expect(play(activities, () => done, { executionId: 'other' })).rejects.toMatchObject({
    cause: {
      type: failureTypes.invalidInput,
      message: expect.stringContaining('has the id "execution-other"'),
    },
  });
  expect(activities.calls).toEqual([]);
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

test('with every bound full it runs in the third sandbox, and its history stays small', async () => {
  const { executionCodeBytes, executionFilesBytes, executionFiles } = bounds;
  const full = (bytes: number): string => '✓'.repeat(Math.floor(bytes / 3));
  const files = Object.fromEntries(
    Array.from({ length: executionFiles }, (_, n) => [
      `f${n}`,
      full(executionFilesBytes / executionFiles - 20),
    ]),
  );
  const variables = Array.from({ length: 15 }, (_, n) => [`VARIABLE_${n}`, 'v'.repeat(8_192)]);
  const environment: Record<string, string> = Object.fromEntries(variables);
  const tries: CodeReport[] = [];
  const activities = scriptedActivities({});
  const result = await play(
    activities,
    ({ code }) => {
      expect(Object.keys(code.files)).toHaveLength(executionFiles);
      tries.push(tries.length < 2 ? { kind: 'not-run', cause: 'gone' } : { ...done, stdout: full(4_096) });
      return tries.at(-1) ?? done;
    },
    { code: full(executionCodeBytes - 2), files, environment },
  );
  expect(result.stdout).toBe(full(4_096));
  const workflowId = `execution-e${count}`;
  const { historySize = 0 } = await harness.client.workflow.getHandle(workflowId).describe();
  expect(historySize).toBeLessThan(5 * 1024 * 1024);
});

test('a request that is not valid fails it with a sentence', async () => {
  const activities = scriptedActivities({});
  await expect(play(activities, () => done, { workdir: 'here' })).rejects.toMatchObject({
    cause: { type: failureTypes.invalidInput, message: expect.stringContaining('absolute path') },
  });
  expect(activities.calls).toEqual([]);
});
