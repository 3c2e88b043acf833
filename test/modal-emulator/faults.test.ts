import { setTimeout as sleep } from 'node:timers/promises';
import type { Sandbox } from 'modal';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connect, Harness, out, sh } from './support/harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterEach(() => {
  harness.emulator.faults.clear();
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

const create = 'SandboxCreateV2';

function keysOf(rpc: string, from: number): (string | undefined)[] {
  return harness.emulator.calls
    .slice(from)
    .filter((call) => call.rpc === rpc)
    .map((call) => call.idempotencyKey);
}

async function running(tag: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const sandbox of harness.modal.sandboxes.list({
    appId: harness.app.appId,
    tags: { test: tag },
  })) {
    ids.push(sandbox.sandboxId);
  }
  return ids;
}

/** Cuts every router connection again and again until the work is done, at most so many times. */
async function whileCutting<T>(
  { intervalMs, most = Infinity }: { intervalMs: number; most?: number },
  work: Promise<T>,
): Promise<{ result: T; cuts: number }> {
  let cuts = 0;
  const timer = setInterval(() => {
    if (cuts < most) cuts += harness.emulator.faults.cutRouterConnections();
  }, intervalMs);
  try {
    return { result: await work, cuts };
  } finally {
    clearInterval(timer);
  }
}

describe('a fault in the control plane', () => {
  test('UNAVAILABLE is tried again by the SDK under the same idempotency key', async () => {
    const from = harness.emulator.calls.length;
    harness.emulator.faults.fail(create, 2);
    const sandbox = await harness.sandbox({ tags: { test: 'unavailable' } });
    const keys = keysOf(create, from);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(await running('unavailable')).toEqual([sandbox.sandboxId]);
    await sandbox.terminate();
  });

  test('a lost answer does not make a second sandbox', async () => {
    harness.emulator.faults.loseAnswer(create, 1);
    const sandbox = await harness.sandbox({ name: 'lost-answer', tags: { test: 'lost' } });
    expect(await running('lost')).toEqual([sandbox.sandboxId]);
    await sandbox.terminate();
  });

  test('lost answers to the end leave a sandbox that is found by its name', async () => {
    harness.emulator.faults.loseAnswer(create, 4);
    await expect(harness.sandbox({ name: 'ambiguous' })).rejects.toMatchObject({ code: 14 });
    const found = await harness.modal.sandboxes.fromName('test-app', 'ambiguous');
    expect(await out(found, 'echo alive')).toBe('alive\n');
    await found.terminate();
  });

  test('a cut connection during a call is survived', async () => {
    harness.emulator.faults.delay('SandboxGetTaskIdV2', 300, 1);
    const sandbox = await harness.sandbox();
    const again = await harness.modal.sandboxes.fromId(sandbox.sandboxId);
    const before = harness.countCalls('SandboxGetTaskIdV2');
    const ran = sh(again, 'echo survived');
    await expect.poll(() => harness.countCalls('SandboxGetTaskIdV2'), { interval: 10 }).toBe(before + 1);
    expect(harness.emulator.faults.cutControlPlaneConnections()).toBeGreaterThan(0);
    expect((await ran).stdout).toBe('survived\n');
    await sandbox.terminate();
  });

  test('a throttle hint is obeyed, and given up when the wait would be too long', async () => {
    const impatient = connect(harness.emulator.url, { maxThrottleWaitSecs: 2 });
    const app = await impatient.apps.fromName('test-app');
    const from = harness.emulator.calls.length;
    harness.emulator.faults.throttle(create, 1, 1);
    const started = performance.now();
    const sandbox = await impatient.sandboxes.create(app, harness.base);
    expect(performance.now() - started).toBeGreaterThan(990);
    expect(keysOf(create, from)).toHaveLength(2);
    harness.emulator.faults.throttle(create, 5, 1);
    await expect(impatient.sandboxes.create(app, harness.base)).rejects.toMatchObject({ code: 8 });
    await sandbox.terminate();
  });

  test('another status and a delay reach the caller as they are', async () => {
    harness.emulator.faults.fail(create, 1, 'RESOURCE_EXHAUSTED');
    await expect(harness.sandbox()).rejects.toMatchObject({ code: 8 });
    harness.emulator.faults.delay('*', 200, 1);
    const started = performance.now();
    await harness.modal.apps.fromName('test-app');
    expect(performance.now() - started).toBeGreaterThan(190);
  });
});

describe('a cut connection to the router', () => {
  test('neither loses nor repeats output', async () => {
    const sandbox = await harness.sandbox();
    const command = 'for i in $(seq 1 400); do echo line $i; sleep 0.005; done; seq 1 300000';
    const { result, cuts } = await whileCutting({ intervalMs: 150 }, sh(sandbox, command));
    const lines = Array.from({ length: 400 }, (_, i) => `line ${i + 1}`);
    const numbers = Array.from({ length: 300_000 }, (_, i) => `${i + 1}`);
    expect(result.stdout === [...lines, ...numbers, ''].join('\n')).toBe(true);
    expect(result.code).toBe(0);
    expect(cuts).toBeGreaterThan(5);
    await sandbox.terminate();
  });

  test('neither loses nor repeats what is written to a file', async () => {
    const sandbox = await harness.sandbox();
    const content = Buffer.from(Array.from({ length: 4_000_000 }, (_, i) => `${i}\n`).join(''));
    // The SDK takes a broken write up again nine times.
    const { cuts } = await whileCutting(
      { intervalMs: 80, most: 7 },
      sandbox.filesystem.writeBytes(content, '/content'),
    );
    expect(cuts).toBeGreaterThan(0);
    expect(Buffer.from(await sandbox.filesystem.readBytes('/content')).equals(content)).toBe(true);
    await sandbox.terminate();
  });

  test('does not run a command a second time', async () => {
    const sandbox = await harness.sandbox();
    harness.emulator.faults.loseAnswer('TaskExecStart', 2);
    expect((await sh(sandbox, 'echo once >> /count')).code).toBe(0);
    expect(await out(sandbox, 'cat /count')).toBe('once\n');
    await sandbox.terminate();
  });

  test('leaves the entrypoint readable from the beginning', async () => {
    const sandbox = await harness.sandbox({ command: ['sh', '-c', 'seq 1 1000; sleep 1; seq 1001 2000'] });
    const { result } = await whileCutting({ intervalMs: 100 }, sandbox.stdout.readText());
    expect(result).toBe(`${Array.from({ length: 2000 }, (_, i) => i + 1).join('\n')}\n`);
  });
});

describe('router tokens', () => {
  test('are renewed by the SDK when they are near their end', async () => {
    await using shortLived = await Harness.start({ jwtLifetimeSeconds: 2 });
    const sandbox = await shortLived.sandbox();
    expect(await out(sandbox, 'echo one')).toBe('one\n');
    await sleep(2500);
    expect(await out(sandbox, 'echo two')).toBe('two\n');
    expect(shortLived.countCalls('SandboxGetCommandRouterAccess')).toBeGreaterThan(0);
    shortLived.emulator.faults.expireRouterTokens();
    expect(await out(sandbox, 'echo three')).toBe('three\n');
    await sandbox.terminate();
  });

  test('revoked long before their end are not renewed, as on Modal; a new handle has a good one', async () => {
    const sandbox = await harness.sandbox();
    expect(await out(sandbox, 'echo one')).toBe('one\n');
    harness.emulator.faults.expireRouterTokens();
    await expect(sandbox.exec(['true'])).rejects.toMatchObject({ code: 16 });
    const again = await harness.modal.sandboxes.fromId(sandbox.sandboxId);
    expect(await out(again, 'echo two')).toBe('two\n');
    await sandbox.terminate();
  });
});

describe('a killed sandbox', () => {
  const killed = async (sandbox: Sandbox): Promise<void> =>
    harness.emulator.faults.killSandbox(sandbox.sandboxId);

  test('is reported as terminated, with its commands killed by a signal and its name free', async () => {
    const sandbox = await harness.sandbox({ name: 'victim', command: ['sleep', '600'] });
    const process = await sandbox.exec(['sh', '-c', 'echo begun; sleep 600']);
    const exit = process.wait();
    for await (const chunk of process.stdout) {
      expect(chunk).toBe('begun\n');
      break;
    }
    await killed(sandbox);
    expect(await exit).toBe(137);
    expect(await sandbox.wait()).toBe(137);
    const { result } = await connect(harness.emulator.url).cpClient.sandboxWaitV2({
      sandboxId: sandbox.sandboxId,
      timeout: 0,
    });
    expect(result?.status).toBe(3);
    await (await harness.sandbox({ name: 'victim' })).terminate();
  });

  test('can still be read to the end of what it wrote', async () => {
    const sandbox = await harness.sandbox();
    const process = await sandbox.exec(['sh', '-c', 'seq 1 100000; touch /written; sleep 600']);
    await out(sandbox, 'until [ -e /written ]; do sleep 0.05; done');
    await killed(sandbox);
    expect((await process.stdout.readText()).endsWith('\n100000\n')).toBe(true);
  });
});

describe('the control interface', () => {
  const post = async (path: string, body: object): Promise<Response> =>
    fetch(`${harness.emulator.controlUrl}${path}`, { method: 'POST', body: JSON.stringify(body) });

  test('switches faults on, tells the calls and sets secrets', async () => {
    expect(
      (await post('/faults', { fault: 'fail', rpc: create, times: 1, statusName: 'INTERNAL' })).status,
    ).toBe(200);
    const sandbox = await harness.sandbox();
    const calls = (await (await fetch(`${harness.emulator.controlUrl}/calls`)).json()) as { rpc: string }[];
    expect(calls.filter((call) => call.rpc === create).length).toBeGreaterThan(1);
    expect((await post('/faults', { fault: 'killSandbox', sandboxId: sandbox.sandboxId })).status).toBe(200);
    expect(await sandbox.poll()).toBe(137);
    expect((await post('/secrets', { name: 'over-http', values: { A: '1' } })).status).toBe(200);
    await harness.modal.secrets.fromName('over-http', { requiredKeys: ['A'] });
  });

  test('refuses what it does not know, and who does not know its address', async () => {
    expect((await post('/faults', { fault: 'explode' })).status).toBe(400);
    expect((await post('/faults', { fault: 'fail', rpc: create })).status).toBe(400);
    expect((await post('/nothing', {})).status).toBe(404);
    const { origin } = new URL(harness.emulator.controlUrl);
    expect((await fetch(`${origin}/calls`)).status).toBe(404);
  });
});
