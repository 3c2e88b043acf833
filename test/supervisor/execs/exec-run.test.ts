import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JournalRecord } from '../../../src/contracts/supervisor.ts';
import type { ExecOutcome } from '../../../src/contracts/turn.ts';
import { createRedactor } from '../../../src/secrets/redaction.ts';
import { runExec } from '../../../src/supervisor/execs/exec-run.ts';
import { Generation } from '../../../src/supervisor/generation.ts';
import { Recorder } from '../../../src/supervisor/recorder.ts';
import { parseSettings } from '../../../src/supervisor/settings.ts';
import { agentProcessesIn, agentUid } from '../support/world.ts';

let folder: string;
let workspace: string;
let reached: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'harvest-exec-run-'));
  chmodSync(folder, 0o755);
  [workspace, reached] = [join(folder, 'workspace'), join(folder, 'workspace', 'reached')];
  mkdirSync(workspace);
  chownSync(workspace, agentUid, agentUid);
});
afterEach(() => {
  for (const pid of agentProcessesIn(folder)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true });
});

/** A `cat` that says it was reached and never ends, so that the first file is never whole. */
function stuckPath(): string {
  const programs = join(folder, 'programs');
  mkdirSync(programs);
  writeFileSync(join(programs, 'cat'), `#!/bin/sh\ntouch ${reached}; sleep 100; exit 1\n`, { mode: 0o755 });
  return `${programs}:/usr/bin:/bin`;
}

async function exec(more: {
  timeoutSeconds?: number;
  signal: AbortSignal;
  path?: string;
}): Promise<ExecOutcome> {
  const { timeoutSeconds = 60, signal, path = stuckPath() } = more;
  const ids = ['--agent-uid', `${agentUid}`, '--agent-gid', `${agentUid}`, '--no-exclusive-agent-user'];
  const settings = parseSettings(['--state', folder, '--agent-path', path, ...ids]);
  const generation = await Generation.open(folder, 1);
  const argv = ['touch', 'ran'];
  const files = ['one', 'two'].map((name) => ({ path: name, content: name }));
  await runExec({
    settings,
    recorder: new Recorder(generation, createRedactor({ values: [] })),
    request: { from: 0, execId: 'e', argv, timeoutSeconds, files },
    directory: workspace,
    env: { PATH: '/usr/bin:/bin' },
    signal,
  });
  const lines = readFileSync(generation.journal.path, 'utf8').split('\n').slice(0, -1);
  const last = JSON.parse(lines.at(-1) ?? '') as JournalRecord;
  if (last.kind !== 'exec.ended') throw new Error(`the journal ends with ${last.kind}`);
  return last.outcome;
}

describe('an exec whose files are being written', () => {
  test('is ended by the abort: what writes them too, and its command never starts', async () => {
    const abort = new AbortController();
    const outcome = exec({ signal: abort.signal });
    await expect.poll(() => existsSync(reached), { timeout: 90_000 }).toBe(true);
    abort.abort();
    expect(await outcome).toMatchObject({ status: 'lost', message: expect.stringContaining('snapshot') });
    expect(agentProcessesIn(folder)).toEqual([]);
    expect(existsSync(join(workspace, 'ran'))).toBe(false);
  });

  test('is ended by its time limit', async () => {
    const outcome = await exec({ signal: new AbortController().signal, timeoutSeconds: 1 });
    expect(outcome).toEqual({ status: 'timed-out' });
    expect(agentProcessesIn(folder)).toEqual([]);
    expect(existsSync(join(workspace, 'ran'))).toBe(false);
  });
});

test('an exec that was aborted before it began writes no file and runs nothing', async () => {
  const outcome = await exec({ signal: AbortSignal.abort(), path: '/usr/bin:/bin' });
  expect(outcome).toMatchObject({ status: 'lost' });
  for (const name of ['one', 'ran']) expect(existsSync(join(workspace, name))).toBe(false);
});

test('an exec that nothing ends writes its files and runs its command', async () => {
  const outcome = await exec({ signal: new AbortController().signal, path: '/usr/bin:/bin' });
  expect(outcome).toEqual({ status: 'exited', exitCode: 0 });
  for (const name of ['one', 'two', 'ran']) expect(existsSync(join(workspace, name))).toBe(true);
});
