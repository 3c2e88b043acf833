/**
 * What the end of a request means. Requests to a supervisor that hangs are real curl's, to a real program that takes
 * connections and never answers.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  NobodyListens,
  SupervisorAbsent,
  SupervisorSilent,
  ask,
  curlCommand,
} from '../../src/activities/supervisor-client.ts';
import { streamAliveSeconds, supervisorPaths } from '../../src/contracts/supervisor.ts';
import { SandboxLost } from '../../src/sandbox/errors.ts';
import type { Sandbox } from '../../src/sandbox/provider.ts';
import { scriptedSandbox } from './support/scripted-sandbox.ts';

const listens = `require('node:net').createServer().listen(process.argv[1], () => console.log('listens'))`;

let folder: string;
let supervisor: ChildProcess;

/** The same command, on this folder's socket. */
function here(command: readonly string[]): string[] {
  return command.map((argument) => (argument === supervisorPaths.socket ? join(folder, 'socket') : argument));
}

async function run(command: readonly string[]): Promise<number | null> {
  const [program = '', ...args] = here(command);
  const child = spawn(program, args, { stdio: 'ignore' });
  await once(child, 'close');
  return child.exitCode;
}

function sandboxHere(): Sandbox {
  const never = (): never => {
    throw new TypeError('not asked for here');
  };
  return {
    sandboxId: 'sb-1',
    exec: async (argv) => {
      const exitCode = run(argv);
      return {
        stdout: (async function* () {
          await exitCode;
          yield* [];
        })(),
        stderr: async () => '',
        wait: async () => (await exitCode) ?? -1,
      };
    },
    isRunning: async () => true,
    snapshot: never,
    terminate: never,
  };
}

describe('a supervisor that takes a request and hangs', () => {
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'harvest-hang-'));
    supervisor = spawn(process.execPath, ['-e', listens, join(folder, 'socket')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(supervisor.stdout ?? supervisor, 'data');
    // The kernel goes on taking connections for it.
    supervisor.kill('SIGSTOP');
  });

  afterEach(async () => {
    const ended = once(supervisor, 'exit');
    supervisor.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });

  test('is absent after some seconds for a question with a small answer', async () => {
    const asking = ask(sandboxHere(), { path: '/status' });
    await expect(asking).rejects.toThrow(SupervisorAbsent);
    await expect(asking).rejects.toThrow(SupervisorSilent);
    await expect(asking).rejects.toThrow('curl ended with 28');
  });

  test('is absent for a stream on which nothing comes, not even that it is alive', async () => {
    const command = curlCommand({ path: '/turns', body: '{}' });
    const limit = command.indexOf('--speed-time') + 1;
    // Several of the lines by which it would show that it is alive have to be missing.
    expect(Number(command[limit])).toBeGreaterThanOrEqual(3 * streamAliveSeconds);
    expect(await run(command.with(limit, '2'))).toBe(28);
  });
});

describe('the end of a request', () => {
  test.each([
    { code: 7, kind: NobodyListens },
    { code: 28, kind: SupervisorSilent },
    { code: 52, kind: SupervisorAbsent },
    { code: 56, kind: SupervisorAbsent },
  ])('with code $code is $kind.name', async ({ code, kind }) => {
    const asking = ask(
      scriptedSandbox(() => ({ code })),
      { path: '/status' },
    );
    await expect(asking).rejects.toMatchObject({ constructor: kind, message: `curl ended with ${code}: ` });
  });

  test('is the sandbox’s, when that ended', async () => {
    const gone = scriptedSandbox(() => ({ code: 28, sandboxEnds: true }));
    await expect(ask(gone, { path: '/status' })).rejects.toThrow(SandboxLost);
  });
});
