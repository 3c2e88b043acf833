import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBoundedGit } from '../../../src/supervisor/proxies/bounded-git.ts';
import { readLedger, writeLedger } from '../../../src/supervisor/proxies/ledger-file.ts';
import { parseSettings, type Settings } from '../../../src/supervisor/settings.ts';

let folder: string;
let settings: Settings;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'harvest-bounded-'));
  const { uid, gid } = userInfo();
  const ids = ['--agent-uid', `${uid}`, '--agent-gid', `${gid}`];
  const path = `${folder}:/usr/bin:/bin`;
  settings = parseSettings(['--state', folder, '--agent-home', folder, '--agent-path', path, ...ids]);
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** In place of git, as an agent can put it on its own path. */
async function asGit(script: string): Promise<void> {
  await writeFile(join(folder, 'git'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('git that a push waits for', () => {
  test('says what it says, and how it ended', async () => {
    const run = createBoundedGit(settings, { timeoutMs: 60_000, mostBytes: 1_000 });
    const result = await run(['hash-object', '--stdin'], { stdin: '\u00e4' });
    expect(result).toMatchObject({ exitCode: 0, stdout: '1bbf238cfb853e6bc5f6f5c85118d6b850b581ff\n' });
    expect((await run(['no-such-command'])).exitCode).toBe(1);
  });

  test('is ended with what it started when it takes too long', async () => {
    await asGit(`sleep 1000 & echo "$! $$" > ${folder}/pids; wait`);
    const run = createBoundedGit(settings, { timeoutMs: 2_000, mostBytes: 1_000 });
    await expect(run(['status'])).rejects.toMatchObject({ name: 'GitOutOfBounds', bound: 'time' });
    const pids = (await readFile(join(folder, 'pids'), 'utf8')).trim().split(' ').map(Number);
    expect(pids).toHaveLength(2);
    await expect.poll(() => pids.filter(isRunning)).toEqual([]);
  });

  test('is ended when it talks without end', async () => {
    await asGit('exec yes');
    const run = createBoundedGit(settings, { timeoutMs: 60_000, mostBytes: 100_000 });
    await expect(run(['status'])).rejects.toMatchObject({ bound: 'bytes' });
  });

  test('is not waited for when what it left behind holds its output', async () => {
    await asGit(`setsid sleep 1000 & echo $! > ${folder}/pids`);
    const run = createBoundedGit(settings, { timeoutMs: 2_000, mostBytes: 1_000 });
    await expect(run(['status'])).rejects.toMatchObject({ bound: 'time' });
    process.kill(Number(await readFile(join(folder, 'pids'), 'utf8')), 'SIGKILL');
  });
});

describe('the push ledger on disk', () => {
  const path = (): string => join(folder, 'push-ledger.json');

  test('is read as it was written, by root alone', () => {
    const ledger = new Map([['p\nrefs/heads/harvest/s1', { value: 'a'.repeat(40), foreign: null }]]);
    writeLedger(path(), ledger);
    expect(readLedger(path())).toEqual(ledger);
  });

  test.each([
    ['nothing', ''],
    ['half of it', '[["p'],
    ['another shape', '[["p",{"value":"main","foreign":null}]]'],
  ])('is empty when the file holds %s', async (_name, content) => {
    await writeFile(path(), content);
    expect(readLedger(path()).size).toBe(0);
  });

  test('that cannot be written fails nothing', () => {
    expect(() => {
      writeLedger(join(folder, 'no/such/folder'), new Map());
    }).not.toThrow();
    expect(readLedger(join(folder, 'no/such/folder')).size).toBe(0);
  });
});
