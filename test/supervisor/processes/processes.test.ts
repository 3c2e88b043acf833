import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from 'vitest';
import {
  AgentUserToolFailed,
  runAsAgentUser,
  runToSuccess,
  spawnAsAgentUser,
} from '../../../src/supervisor/processes/agent-user.ts';
import { runNameOf, runPrefixOf } from '../../../src/supervisor/processes/run-name.ts';
import { endEveryRun, endRun } from '../../../src/supervisor/processes/sweep.ts';
import { parseSettings } from '../../../src/supervisor/settings.ts';

/** A user of no other test. */
const uid = 10_077;
const settingsOf = (state: string, ...more: string[]) =>
  parseSettings(['--state', state, '--agent-uid', `${uid}`, '--agent-gid', `${uid}`, ...more]);

const shared = settingsOf('/nonexistent/one', '--no-exclusive-agent-user');
const env = { PATH: '/usr/bin:/bin' };

describe('processes of the agent user', () => {
  const started: ChildProcess[] = [];

  afterEach(async () => {
    await endEveryRun(settingsOf('/nonexistent/any'), 'any');
    started.length = 0;
  });

  /** Runs a shell that says "ready", and waits for it. */
  const start = async (run: string, script: string, settings = shared): Promise<ChildProcess> => {
    const child = spawnAsAgentUser(settings, { argv: ['bash', '-c', script], cwd: '/', env, run });
    started.push(child);
    await once(createInterface(child.stdout), 'line');
    return child;
  };

  const living = (): string[] =>
    execFileSync('ps', ['-eo', 'uid=,stat=,args='])
      .toString()
      .split('\n')
      .filter((line) => new RegExp(`^\\s*${uid}\\s+[^Z]`).test(line));

  test('are found by their run in sessions of their own, behind a parent that ended, and with an empty environment', async () => {
    const run = runNameOf(shared, 'agent.1');
    const beside = await start(runNameOf(shared, 'exec.1'), 'echo ready; exec sleep 101');
    const root = await start(
      run,
      'setsid sleep 102 & (setsid sleep 103 &) ; env -i sleep 104 & trap "" TERM; echo ready; wait',
    );
    expect(living().length).toBeGreaterThanOrEqual(5);
    await endRun(shared, { name: run, ...(root.pid === undefined ? {} : { root: root.pid }) });
    expect(living()).toHaveLength(1);
    expect(beside.exitCode).toBeNull();
  });

  test('of another supervisor outside a sandbox are left alone', async () => {
    const other = settingsOf('/nonexistent/two', '--no-exclusive-agent-user');
    await start(runNameOf(shared, 'agent.1'), 'echo ready; exec sleep 105');
    await start(runNameOf(other, 'agent.1'), 'echo ready; exec sleep 106', other);
    await endEveryRun(shared, runPrefixOf(shared));
    expect(living().join()).toContain('sleep 106');
    expect(living().join()).not.toContain('sleep 105');
  });

  test('end all inside a sandbox, whoever started them', async () => {
    const stray = spawn('sleep', ['107'], { uid, gid: uid, env: {}, detached: true, stdio: 'ignore' });
    started.push(stray);
    await once(stray, 'spawn');
    const exclusive = settingsOf('/nonexistent/one');
    await endEveryRun(exclusive, runPrefixOf(exclusive));
    expect(living()).toEqual([]);
  });

  test('have no group and no variable of root', async () => {
    const argv = ['bash', '-c', 'id -u; id -G; env | sort'] as const;
    const { stdout } = await runAsAgentUser(shared, { argv, cwd: '/', env });
    const lines = stdout.toString().trim().split('\n');
    expect(lines.slice(0, 2)).toEqual([`${uid}`, `${uid}`]);
    const names = lines.slice(2).map((line) => line.split('=')[0]);
    expect(names).toEqual(['HARVEST_RUN', 'PATH', 'PWD', 'SHLVL', '_']);
  });

  test('may end without reading what they are given', async () => {
    const stdin = Buffer.alloc(10_000_000);
    const result = await runAsAgentUser(shared, { argv: ['true'], cwd: '/', env, stdin });
    expect(result.end).toEqual({ exitCode: 0 });
  });

  test('fail with what they said when they were to succeed', async () => {
    const argv = ['sh', '-c', 'echo no room >&2; exit 3'] as const;
    const failed = await runToSuccess(shared, { argv }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(AgentUserToolFailed);
    expect(failed).toMatchObject({ argv, end: { exitCode: 3 }, stderr: 'no room\n' });
    expect(String(failed)).toContain('ended with exit code 3: no room');
    const killed = await runToSuccess(shared, { argv: ['sh', '-c', 'kill -KILL $$'] }).catch(
      (error: unknown) => error,
    );
    expect(killed).toMatchObject({ name: 'AgentUserToolFailed', end: { signal: 'SIGKILL' } });
    expect(String(killed)).toContain('SIGKILL');
  });

  test('give what they printed when they succeed', async () => {
    const { length } = await runToSuccess(shared, { argv: ['head', '-c', '100000', '/dev/zero'] });
    expect(length).toBe(100_000);
  });
});

describe('settings', () => {
  test('are those of a sandbox by default', () => {
    expect(parseSettings([])).toMatchObject({
      statePath: '/var/lib/harvest',
      socketPath: '/run/harvest/supervisor.sock',
      workspacePath: '/workspace',
      agentUid: 10_001,
      agentHome: '/home/agent',
      exclusiveAgentUser: true,
    });
  });

  test('are refused when there is no such option', () => {
    expect(() => parseSettings(['--no-such-option', 'x'])).toThrow('no-such-option');
  });
});
