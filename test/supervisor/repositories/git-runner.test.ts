import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GitRunner } from '../../../src/git/runner.ts';
import { createGitRunner } from '../../../src/supervisor/repositories/git-runner.ts';
import { parseSettings, type Settings } from '../../../src/supervisor/settings.ts';

let folder: string;
let settings: Settings;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'harvest-runner-'));
  const { uid, gid } = userInfo();
  const ids = ['--agent-uid', `${uid}`, '--agent-gid', `${gid}`];
  const path = `${folder}:/usr/bin:/bin`;
  settings = parseSettings(['--state', folder, '--agent-home', folder, '--agent-path', path, ...ids]);
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

type Bounds = { timeoutMs?: number; mostBytes?: number };

function bounded({ timeoutMs = 60_000, mostBytes = 1_000 }: Bounds = {}): GitRunner {
  const env = { PATH: settings.agentPath, HOME: settings.agentHome };
  return createGitRunner(settings, env, { name: 'push', timeoutMs, mostBytes });
}

/** In place of git, as an agent can put it on its own path. */
async function asGit(script: string): Promise<void> {
  await writeFile(join(folder, 'git'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

const pids = async (): Promise<number[]> =>
  (await readFile(join(folder, 'pids'), 'utf8')).trim().split(/\s+/).map(Number);

/** Of those: one that ended may wait for init to take note of it. */
const running = async (): Promise<number[]> =>
  (await pids()).filter((pid) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  });

describe('git that somebody waits for', () => {
  test('says what it says, and how it ended', async () => {
    const run = bounded();
    const result = await run(['hash-object', '--stdin'], { stdin: '\u00e4' });
    expect(result).toMatchObject({ exitCode: 0, stdout: '1bbf238cfb853e6bc5f6f5c85118d6b850b581ff\n' });
    expect(await run(['no-such-command'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('no-such-command') as string,
    });
  });

  test('runs under a name of its own', async () => {
    await asGit('echo "$HARVEST_RUN"');
    const run = bounded();
    const names = [await run(['status']), await run(['status']), await bounded()(['status'])];
    for (const { stdout } of names) expect(stdout).toMatch(/^[0-9a-f]{16}\.push\.\d+\n$/);
    expect(new Set(names.map(({ stdout }) => stdout)).size).toBe(3);
  });

  test('is ended with what it started when it takes too long, and nothing else is', async () => {
    await asGit(`
if [ "$1" = beside ]; then : > ${folder}/began; exec cat; fi
sleep 1000 & first=$!; setsid sleep 1000 & echo "$$ $first $!" > ${folder}/pids; wait`);
    const input = 'x'.repeat(100_000);
    const beside = bounded({ timeoutMs: 60_000, mostBytes: 1_000_000 })(['beside'], { stdin: input });
    const late = bounded({ timeoutMs: 2_000 })(['status']);
    await expect(late).rejects.toMatchObject({ name: 'AgentUserToolOutOfBounds', bound: 'time' });
    expect(await pids()).toHaveLength(3);
    await expect.poll(running).toEqual([]);
    expect(await beside).toMatchObject({ exitCode: 0, stdout: input });
  });

  test.each([
    ['stdout', 'exec yes'],
    ['stderr', 'exec yes >&2'],
  ])('is ended when it talks without end on %s', async (_name, script) => {
    await asGit(`echo $$ > ${folder}/pids; ${script}`);
    const run = bounded({ mostBytes: 100_000 });
    await expect(run(['status'])).rejects.toMatchObject({ bound: 'bytes' });
    await expect.poll(running).toEqual([]);
  });

  test('may say exactly as much as it may', async () => {
    await asGit('printf 12345; printf 678 >&2');
    const said = { exitCode: 0, stdout: '12345', stderr: '678' };
    expect(await bounded({ mostBytes: 8 })(['status'])).toEqual(said);
    await expect(bounded({ mostBytes: 7 })(['status'])).rejects.toMatchObject({ bound: 'bytes' });
  });

  test('is not waited for when what it left behind holds its output, which is ended too', async () => {
    await asGit(`setsid sleep 1000 & echo $! > ${folder}/pids`);
    const run = bounded({ timeoutMs: 2_000 });
    await expect(run(['status'])).rejects.toMatchObject({ bound: 'time' });
    await expect.poll(running).toEqual([]);
  });

  test('that cannot be started is another failure', async () => {
    settings = { ...settings, agentPath: join(folder, 'nothing') };
    await expect(bounded()(['status'])).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
