import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { SandboxLost } from '../../../src/sandbox/errors.ts';
import type { Sandbox, SandboxProcess } from '../../../src/sandbox/provider.ts';
import { run } from '../processes.ts';
import { identity, type SandboxesUnderTest } from './subject.ts';

export function testEnd(subject: SandboxesUnderTest): void {
  const { create, provider } = subject;

  const ends: [string, (sandbox: Sandbox) => Promise<void>][] = [
    ['by terminate', (sandbox) => sandbox.terminate()],
    [
      'with its entrypoint',
      async (sandbox) => {
        await run(sandbox, ['touch', '/stop']);
        while (await sandbox.isRunning()) await sleep(50);
      },
    ],
  ];
  const waiting = ['sh', '-c', 'while [ ! -e /stop ]; do sleep 0.05; done; exit 9'];

  test.each(ends)('%s is SandboxLost for every call, from old and new handles', async (label, end) => {
    const sandbox = await create(`lost-${label.length}`, { command: waiting });
    expect(await sandbox.isRunning()).toBe(true);
    await end(sandbox);
    const attached = await provider().attach(sandbox.sandboxId);
    for (const handle of [sandbox, attached]) {
      expect(await handle.isRunning()).toBe(false);
      const failures = await Promise.all([
        handle.exec(['true']).catch(identity),
        handle.snapshot({ timeoutSeconds: 10 }).catch(identity),
      ]);
      for (const failure of failures) expect(failure).toBeInstanceOf(SandboxLost);
      await handle.terminate();
    }
  });

  test('ends its running processes as SandboxLost', async () => {
    const sandbox = await create('lost-process');
    const process = await sandbox.exec(['sh', '-c', 'echo started; sleep 60']);
    const outcome = watch(process);
    while (!outcome.output.includes('started')) await sleep(20);
    await sandbox.terminate();
    expect(await outcome.end).toBeInstanceOf(SandboxLost);
  });

  test('may be terminated again', async () => {
    const sandbox = await create('ended-twice');
    await sandbox.terminate();
    await sandbox.terminate();
    expect(await sandbox.isRunning()).toBe(false);
  });

  test('because its entrypoint did at once is SandboxLost at its creation or for every call after it', async () => {
    const outcome = await create('short', { command: ['false'] }).catch((error: unknown) => error as Error);
    if (outcome instanceof Error) expect(outcome).toBeInstanceOf(SandboxLost);
    else {
      // Until its end is known, a command may still be begun.
      while (await outcome.isRunning()) await sleep(50);
      expect(await outcome.exec(['true']).catch(identity)).toBeInstanceOf(SandboxLost);
    }
  });
}

/** Reads a process to its end; `end` resolves to its exit code or to the error. */
function watch(process: SandboxProcess): { output: string; end: Promise<unknown> } {
  const watched = { output: '', end: Promise.resolve<unknown>(undefined) };
  watched.end = (async () => {
    try {
      for await (const chunk of process.stdout) watched.output += Buffer.from(chunk).toString();
      return await process.wait();
    } catch (error) {
      return error;
    }
  })();
  return watched;
}
