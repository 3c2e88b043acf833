import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, Harness, out } from './support/harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

const timeoutStatus = 4;
const idleTimeoutStatus = 7;

async function statusOf(sandboxId: string): Promise<number | undefined> {
  const response = await connect(harness.emulator.url).cpClient.sandboxWaitV2({ sandboxId, timeout: 0 });
  return response.result?.status;
}

describe.concurrent('time limits', () => {
  test('end a sandbox at its lifetime, with everything in it', async () => {
    const sandbox = await harness.sandbox({ timeoutMs: 3000 });
    const process = await sandbox.exec(['sleep', '600']);
    expect(await sandbox.wait()).toBe(124);
    expect(await process.wait()).toBe(137);
    expect(await statusOf(sandbox.sandboxId)).toBe(timeoutStatus);
  });

  test('end an idle sandbox, for which its entrypoint does not count', async () => {
    const sandbox = await harness.sandbox({ idleTimeoutMs: 1000, command: ['sleep', '600'] });
    await sandbox.wait();
    expect(await statusOf(sandbox.sandboxId)).toBe(idleTimeoutStatus);
  });

  test('leave a sandbox alone that is idle never for so long', async () => {
    const sandbox = await harness.sandbox({ idleTimeoutMs: 4000 });
    // Longer than the limit, but running all the time.
    await out(sandbox, 'sleep 5');
    expect(await sandbox.poll()).toBeNull();
    await sandbox.wait();
    expect(await statusOf(sandbox.sandboxId)).toBe(idleTimeoutStatus);
  });

  test('kill the whole process group of a command at its own limit, and nothing else', async () => {
    const sandbox = await harness.sandbox();
    const other = await sandbox.exec(['sleep', '601']);
    const process = await sandbox.exec(
      ['sh', '-c', "trap '' TERM; sleep 602 & sleep 603; echo not-reached"],
      { timeoutMs: 1000 },
    );
    expect(await process.wait()).toBe(137);
    const left = await out(sandbox, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
    expect(left).toContain('sleep 601');
    expect(left).not.toMatch(/sleep 60[23]/);
    await sandbox.terminate();
    expect(await other.wait()).toBe(137);
  });

  test('are at most a day for a sandbox', async () => {
    await expect(harness.sandbox({ timeoutMs: 25 * 3_600_000 })).rejects.toMatchObject({
      code: 3,
      details: expect.stringContaining('24 hours'),
    });
  });
});
