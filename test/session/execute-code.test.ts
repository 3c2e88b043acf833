/** Code run once in a sandbox of its own (`executeCode`). */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ExecutionExists, ExecutionFailed, InvalidRequest } from '../../src/client.ts';
import type { CodeRequest, CodeRun } from '../../src/client.ts';
import { codeFileOf } from '../../src/contracts/execution.ts';
import { executionOwner } from '../../src/contracts/ids.ts';
import { controlSandboxes } from '../support/emulator-control.ts';
import { eventually } from '../support/log-checks.ts';
import { openWorld } from '../support/world.ts';
import type { World } from '../support/world.ts';

let world: World;
const ids: string[] = [];

beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => world[Symbol.asyncDispose]());

/** Every sandbox ends, whatever became of the code. */
afterEach(async () => {
  for (const id of ids.splice(0))
    await eventually(
      () => controlSandboxes().list(executionOwner(id)),
      (left) => left.length === 0,
    );
});

function run(language: CodeRequest['language'], code: string, more: Partial<CodeRequest> = {}): CodeRun {
  const executionId = `code-${randomBytes(5).toString('hex')}`;
  ids.push(executionId);
  return world.harvest.executeCode({ executionId, language, code, ...more });
}

test('the two outputs come apart, and 0 is success', async () => {
  const code = 'import sys\nprint("pear")\nprint("nut", file=sys.stderr)';
  expect(await run('python', code)).toMatchObject({
    status: 'success',
    exitCode: 0,
    stdout: 'pear\n',
    stderr: 'nut\n',
    sandboxId: expect.stringMatching(/^sb-/),
  });
});

test('another exit code is an error, with what was written', async () => {
  const result = await run('python', 'print("so far")\nraise SystemExit(3)');
  expect(result).toMatchObject({ status: 'error', exitCode: 3, stdout: 'so far\n' });
  const failed = await run('python', 'unknown_name');
  expect(failed).toMatchObject({
    status: 'error',
    exitCode: 1,
    stderr: expect.stringContaining('NameError'),
  });
});

test('code that takes too long is ended with everything it started, and what it had printed is kept', async () => {
  const code = 'echo begun; sleep 600 & sleep 600';
  const result = await run('bash', code, { timeoutSeconds: 2 });
  expect(result).toMatchObject({ status: 'timeout', exitCode: null, stdout: 'begun\n' });
  expect(result.durationSeconds).toBeGreaterThanOrEqual(2);
});

test('code that is killed has crashed, and has no exit code', async () => {
  const result = await run('bash', 'echo last words; kill -9 $$');
  expect(result).toMatchObject({ status: 'crashed', exitCode: null, stdout: 'last words\n' });
  expect(result.message).toContain('SIGKILL');
});

test('code finds its files, its variables and its working directory, and runs as the agent user', async () => {
  const code = `
    import { readFileSync } from 'node:fs';
    console.log(process.cwd(), process.env.FRUIT, readFileSync('deep/data.txt', 'utf8'), process.getuid());`;
  const result = await run('node', code, {
    workdir: '/workspace/new/place',
    environment: { FRUIT: 'pear' },
    files: { 'deep/data.txt': 'contents' },
  });
  expect(result).toMatchObject({ status: 'success', stdout: '/workspace/new/place pear contents 10001\n' });
});

test('output is seen while the code runs, and the code stands in no argument list', async () => {
  // It goes on when it has been seen.
  const running = run('bash', 'echo first; while [ ! -e seen ]; do sleep 0.1; done; echo second');
  const seen: string[] = [];
  for await (const { stream, text } of running) {
    seen.push(`${stream}: ${text}`);
    if (seen.length > 1) continue;
    const { stdout: everyCommand } = await promisify(execFile)('ps', ['-eo', 'args']);
    expect(everyCommand).toContain(codeFileOf('bash'));
    expect(everyCommand).not.toContain('echo second');
    await controlSandboxes().execAsRoot(executionOwner(running.executionId), 'touch /workspace/seen');
  }
  expect(seen).toEqual(['stdout: first\n', 'stdout: second\n']);
  expect(await running).toMatchObject({ stdout: 'first\nsecond\n' });
});

test('a great output keeps its end in the result, and all of it in the log', async () => {
  const running = run('python', 'for n in range(20000): print(f"line {n:06}")');
  let characters = 0;
  for await (const { text } of running) characters += text.length;
  expect(characters).toBe(20_000 * 12);
  const { stdout } = await running;
  expect(stdout.length).toBeLessThanOrEqual(4_096);
  expect(stdout.endsWith('line 019999\n')).toBe(true);
});

test('the same id and request attach, another request under the id is refused', async () => {
  const first = run('bash', 'echo once; date +%N');
  const { executionId } = first;
  const result = await first;
  expect(
    await world.harvest.executeCode({ executionId, language: 'bash', code: 'echo once; date +%N' }),
  ).toEqual(result);
  await expect(
    world.harvest.executeCode({ executionId, language: 'bash', code: 'echo twice' }),
  ).rejects.toThrow(ExecutionExists);
});

test.each<[what: string, request: Partial<CodeRequest>, sentence: RegExp]>([
  ['no code', { code: '' }, /code/],
  ['a language nobody knows', { language: 'cobol' as 'bash' }, /language/],
  ['a path out of the working directory', { files: { '../escape': 'x' } }, /file path is relative/],
  ['a file in the place of the code', { files: { 'harvest_main.sh': 'x' } }, /name under which the code/],
  ['a relative working directory', { workdir: 'here' }, /absolute path/],
  ['a day and more', { timeoutSeconds: 90_000 }, /timeoutSeconds/],
])('%s is refused with a sentence before anything is sent', (_what, request, sentence) => {
  const whole = { language: 'bash', code: 'true', ...request } as const;
  expect(() => world.harvest.executeCode(whole)).toThrow(InvalidRequest);
  expect(() => world.harvest.executeCode(whole)).toThrow(sentence);
});

async function untilBegun(running: CodeRun): Promise<void> {
  for await (const { text } of running) if (text.includes('begun')) break;
}

test('a cancelled execution ends its code and has no result, for who awaits it and for who reads it', async () => {
  const running = run('bash', 'echo begun; sleep 600');
  await untilBegun(running);
  await running.cancel();
  await expect(running).rejects.toThrow(ExecutionFailed);
  await expect(running).rejects.toThrow(/has no result/);
  await expect(Array.fromAsync(running)).rejects.toThrow(ExecutionFailed);
  await running.cancel();
});

test('an execution that ended stays as it is when it is cancelled', async () => {
  const running = run('bash', 'echo done');
  const result = await running;
  await running.cancel();
  expect(await running).toEqual(result);
});

test('code whose sandbox is lost has crashed, with what it had written, and is not run again', async () => {
  const running = run('bash', 'echo begun; sleep 600');
  await untilBegun(running);
  await controlSandboxes().kill(executionOwner(running.executionId));
  expect(await running).toMatchObject({ status: 'crashed', exitCode: null, stdout: 'begun\n' });
  expect((await Array.fromAsync(running)).map(({ text }) => text)).toEqual(['begun\n']);
});

test('a killed worker is replaced by another one, and the code has run once', async () => {
  await using own = await openWorld();
  const running = own.harvest.executeCode({ language: 'bash', code: 'echo begun; sleep 3; echo done' });
  await untilBegun(running);
  await own.workers[0]?.kill();
  await own.startWorker();
  expect(await running).toMatchObject({ status: 'success', stdout: 'begun\ndone\n' });
  expect(await controlSandboxes().list(executionOwner(running.executionId))).toEqual([]);
});
