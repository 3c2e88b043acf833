/** What an execution says of its code when its sandbox is lost: whether it may have begun, and what it had written (I4). */
import { beforeEach, expect, test } from 'vitest';
import { runCode } from '../../src/activities/run-code.ts';
import type { CodeReport, RunCodeInput } from '../../src/activities/types.ts';
import { execEndEventId } from '../../src/contracts/ids.ts';
import type { EventBody } from '../../src/contracts/events.ts';
import { SandboxLost } from '../../src/sandbox/errors.ts';
import { about } from './support/inputs.ts';
import { attemptNumber, depsWith, scriptedSandbox } from './support/scripted-sandbox.ts';
import type { CommandEnd } from './support/scripted-sandbox.ts';
import { storeOfTest } from './support/store-of-test.ts';
import { dies } from './support/supervisor-answers.ts';

const { store } = storeOfTest();

const sessionId = 'execution.e';
const input: RunCodeInput = {
  ...about,
  sessionId,
  code: { language: 'bash', code: 'echo', files: {}, workdir: '/w', timeoutSeconds: 60 },
};

async function run(command: (line: string) => CommandEnd, attempt: number): Promise<CodeReport> {
  return runCode(depsWith(store(), scriptedSandbox(command)), input, attemptNumber(attempt));
}

const gone = (): never => {
  throw new SandboxLost('sb-1', 'killed');
};

let seq = 0;
beforeEach(() => {
  seq = 0;
});

async function wrote(body: EventBody, eventId = `o${seq}`): Promise<void> {
  seq += 1;
  const at = new Date().toISOString();
  await store().events.appendOwn(sessionId, [{ eventId, at, generation: 1, body }]);
}

const output = (stream: 'stdout' | 'stderr', text: string): EventBody => ({
  type: 'exec.output',
  data: { execId: 'code', stream, text },
});

async function endings(): Promise<unknown[]> {
  const events = await store().events.readLast(sessionId, { limit: 10, types: ['exec.finished'] });
  return events.map(({ data }) => data);
}

test('code that did not get into its sandbox has not run, and nothing is said of it', async () => {
  expect(await run(gone, 1)).toEqual({ kind: 'not-run', cause: expect.stringContaining('killed') });
  expect(await endings()).toEqual([]);
});

test.each([
  ['the request got into the sandbox', (): CommandEnd => dies, 1],
  ['an attempt before this one may have sent it', gone, 2],
] as const)(
  'code is lost when %s: what it wrote is told, and who follows it hears of the end',
  async (...[, command, attempt]) => {
    await wrote(output('stdout', 'pear '));
    await wrote(output('stderr', 'nut'));
    await wrote(output('stdout', 'plum'));
    const lost = { status: 'lost', message: expect.stringMatching(/sb-1/) };
    expect(await run(command, attempt)).toEqual({
      kind: 'ended',
      outcome: lost,
      durationMs: 0,
      stdout: 'pear plum',
      stderr: 'nut',
    });
    expect(await endings()).toEqual([{ execId: 'code', outcome: lost, durationMs: 0 }]);
    // As often as it is asked.
    await run(command, attempt + 1);
    expect(await endings()).toHaveLength(1);
  },
);

test('code that had ended before its sandbox was lost has ended', async () => {
  await wrote(output('stdout', 'all of it'));
  const outcome = { status: 'exited', exitCode: 0 } as const;
  await wrote(
    { type: 'exec.finished', data: { execId: 'code', outcome, durationMs: 7 } },
    execEndEventId('code'),
  );
  expect(await run(gone, 2)).toMatchObject({ kind: 'ended', outcome, durationMs: 7, stdout: 'all of it' });
  expect(await endings()).toHaveLength(1);
});
