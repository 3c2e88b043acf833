import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ProviderBusy, ProviderRefused, ProviderUnavailable, SandboxLost } from '../../src/sandbox/errors.ts';
import { createModalProvider } from '../../src/sandbox/modal-provider.ts';
import type { CreateSandbox, Sandbox } from '../../src/sandbox/provider.ts';
import { openEmulator, type EmulatorSubject } from './emulator-subject.ts';
import { collect, run } from './processes.ts';

let subject: EmulatorSubject;
const made: Sandbox[] = [];

beforeAll(async () => {
  subject = await openEmulator();
}, 600_000);
afterAll(() => subject?.close());
afterEach(async () => {
  subject.emulator.faults.clear();
  await Promise.all(made.splice(0).map((sandbox) => sandbox.terminate()));
});

function request(name: string): CreateSandbox {
  return {
    name,
    image: subject.image,
    command: ['sleep', 'infinity'],
    tags: { suite: name },
    timeoutSeconds: 600,
  };
}

async function create(name: string): Promise<Sandbox> {
  const sandbox = await subject.provider.create(request(name));
  made.push(sandbox);
  return sandbox;
}

const sandboxesOf = (name: string) => subject.provider.list({ suite: name });
const callsOf = (rpc: string) => subject.emulator.faults.calls.filter((call) => call.rpc === rpc).length;
const identity = (value: unknown) => value;

test('a burst of UNAVAILABLE is ridden out', async () => {
  subject.emulator.faults.fail('SandboxCreateV2', 2);
  const sandbox = await create('burst');
  subject.emulator.faults.fail('TaskExecStart', 3);
  expect((await run(sandbox, ['echo', 'through'])).stdout).toBe('through\n');
  expect(await sandboxesOf('burst')).toHaveLength(1);
});

test('a create whose answers are all lost still gives exactly one sandbox', async () => {
  subject.emulator.faults.loseAnswer('SandboxCreateV2', 4);
  const sandbox = await create('ambiguous');
  const listed = (await sandboxesOf('ambiguous')).map(({ sandboxId }) => sandboxId);
  expect(listed).toEqual([sandbox.sandboxId]);
  expect((await run(sandbox, ['echo', 'alive'])).stdout).toBe('alive\n');
});

test('a create that never reached Modal is unavailable, and can be repeated', async () => {
  subject.emulator.faults.fail('SandboxCreateV2', 4);
  await expect(subject.provider.create(request('unreached'))).rejects.toBeInstanceOf(ProviderUnavailable);
  expect(await sandboxesOf('unreached')).toEqual([]);
  await create('unreached');
  expect(await sandboxesOf('unreached')).toHaveLength(1);
});

test('a connection cut in the middle of a create gives exactly one sandbox', async () => {
  subject.emulator.faults.delay('SandboxCreateV2', 500, 1);
  const before = callsOf('SandboxCreateV2');
  const creating = subject.provider.create(request('cut'));
  await expect.poll(() => callsOf('SandboxCreateV2'), { interval: 10 }).toBe(before + 1);
  expect(subject.emulator.faults.cutControlPlaneConnections()).toBeGreaterThan(0);
  made.push(await creating);
  expect(await sandboxesOf('cut')).toHaveLength(1);
});

test('throttling for a while is waited for, throttling without end is ProviderBusy', async () => {
  subject.emulator.faults.throttle('SandboxCreateV2', 1, 2);
  await create('throttled');
  subject.emulator.faults.clear();
  subject.emulator.faults.throttle('SandboxCreateV2', 60, Infinity);
  await expect(subject.provider.create(request('refused'))).rejects.toBeInstanceOf(ProviderBusy);
});

test('a caller who gives up a throttled call ends it with its own reason, and its requests', async () => {
  subject.emulator.faults.throttle('SandboxCreateV2', 1, 1_000);
  const before = callsOf('SandboxCreateV2');
  const abort = new AbortController();
  const failure = subject.provider.create({ ...request('late'), signal: abort.signal }).catch(identity);
  await expect.poll(() => callsOf('SandboxCreateV2'), { interval: 10 }).toBe(before + 1);
  abort.abort(new Error('too late'));
  expect(await failure).toBe(abort.signal.reason);
  // Longer than the wait that the throttled call was told.
  await sleep(1_500);
  expect(callsOf('SandboxCreateV2')).toBe(before + 1);
});

test('a deadline ends a call that Modal does not answer', async () => {
  subject.emulator.faults.delay('SandboxGetFromNameV2', 3_000, 1);
  const signal = AbortSignal.timeout(200);
  const failure = await subject.provider.create({ ...request('silent'), signal }).catch(identity);
  expect(failure).toBe(signal.reason);
  expect(await sandboxesOf('silent')).toEqual([]);
});

test('output over cut connections is complete, without duplicates', async () => {
  const sandbox = await create('stream');
  const script = 'i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo "line $i"; sleep 0.01; done; exit 5';
  const process = await sandbox.exec(['sh', '-c', script]);
  let cuts = 0;
  const cutting = setInterval(() => (cuts += subject.emulator.faults.cutRouterConnections()), 400);
  const output = (await collect(process.stdout)).toString();
  clearInterval(cutting);
  expect(cuts).toBeGreaterThan(0);
  expect(output).toBe(Array.from({ length: 300 }, (_, index) => `line ${index + 1}\n`).join(''));
  expect(await process.wait()).toBe(5);
});

test('a large stdin over cut connections arrives once', async () => {
  const sandbox = await create('stdin');
  const stdin = Buffer.alloc(30 * 1024 * 1024, 'abcdefg');
  const cuts = setInterval(() => subject.emulator.faults.cutRouterConnections(), 150);
  const result = await run(sandbox, ['sha256sum'], { stdin });
  clearInterval(cuts);
  const { createHash } = await import('node:crypto');
  expect(result.stdout.split(' ')[0]).toBe(createHash('sha256').update(stdin).digest('hex'));
});

test('a killed sandbox is SandboxLost from every call and from what runs in it', async () => {
  const sandbox = await create('killed');
  const process = await sandbox.exec(['sh', '-c', 'echo started; sleep 60']);
  const chunks = process.stdout[Symbol.asyncIterator]();
  await chunks.next();
  const rest = (async () => {
    while ((await chunks.next()).done !== true);
    return process.wait();
  })().catch(identity);
  await subject.emulator.faults.killSandbox(sandbox.sandboxId);
  expect(await rest).toBeInstanceOf(SandboxLost);
  expect(await sandbox.exec(['true']).catch(identity)).toBeInstanceOf(SandboxLost);
  expect(await sandbox.snapshot({ timeoutSeconds: 5 }).catch(identity)).toBeInstanceOf(SandboxLost);
  const elsewhere = await subject.another().attach(sandbox.sandboxId);
  expect(await elsewhere.exec(['true']).catch(identity)).toBeInstanceOf(SandboxLost);
  expect(await sandbox.isRunning()).toBe(false);
});

test('a rejected router token is replaced', async () => {
  const sandbox = await create('token');
  await run(sandbox, ['true']);
  subject.emulator.faults.expireRouterTokens();
  expect((await run(sandbox, ['echo', 'again'])).stdout).toBe('again\n');
});

test('a router token that is rejected in the middle of a command is an outage: the next command has a new one', async () => {
  const sandbox = await create('token-midway');
  const process = await sandbox.exec(['sleep', '1']);
  subject.emulator.faults.expireRouterTokens();
  await expect(process.wait()).rejects.toBeInstanceOf(ProviderUnavailable);
  expect((await run(sandbox, ['echo', 'again'])).stdout).toBe('again\n');
});

test('an unreachable Modal is ProviderUnavailable', async () => {
  const provider = createModalProvider({
    serverUrl: 'http://127.0.0.1:9',
    credentials: { tokenId: 'ak-test', tokenSecret: 'as-test' },
    log: () => {},
  });
  const failure = await provider.findByName('anything').catch(identity);
  expect(failure).toBeInstanceOf(ProviderUnavailable);
  expect((failure as Error).message).toMatch(/^find sandbox anything: /);
  await provider.close();
});

test('credentials that Modal rejects are ProviderRefused', async () => {
  subject.emulator.faults.fail('SandboxGetFromNameV2', 1, 'UNAUTHENTICATED');
  await expect(subject.provider.findByName('anything')).rejects.toBeInstanceOf(ProviderRefused);
});

test('a build whose connection is cut goes on, with each line of its log once', async () => {
  const recipe = {
    from: 'debian:bookworm-slim',
    commands: ['RUN for i in 1 2 3 4 5 6; do echo "step-$i"; sleep 0.2; done'],
  };
  let log = '';
  const building = subject.provider.buildImage(recipe, (text) => (log += text));
  await expect.poll(() => log, { interval: 10 }).toContain('step-2');
  expect(subject.emulator.faults.cutControlPlaneConnections()).toBeGreaterThan(0);
  await building;
  for (const step of ['step-1', 'step-3', 'step-6']) expect(log.split(`\n${step}\n`)).toHaveLength(2);
});
