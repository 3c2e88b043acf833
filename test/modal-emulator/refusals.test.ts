import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { ModalClient, Probe, type SandboxCreateParams } from 'modal';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { controlPlaneDefinition } from '../../src/modal-emulator/rpc/protos.ts';
import { Harness } from './support/harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

/** A call that the SDK would not make. */
async function call(rpc: string, request: object, headers: Record<string, string>): Promise<unknown> {
  const method = controlPlaneDefinition[rpc];
  if (method === undefined) throw new Error(`no RPC ${rpc}`);
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const client = new Client(new URL(harness.emulator.url).host, credentials.createInsecure());
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        metadata,
        (error, response) => (error === null ? resolve(response) : reject(error)),
      );
    });
  } finally {
    client.close();
  }
}

const unimplemented = 12;
const refusal = (text: string | RegExp) => ({ details: expect.stringMatching(text) });

describe('an option that Local Modal cannot honour', () => {
  const refused: [string, SandboxCreateParams, RegExp][] = [
    ['a GPU', { gpu: 'T4' }, /older backend/],
    ['a CPU limit', { cpu: 1, cpuLimit: 2 }, /milliCpuMax/],
    ['a memory limit', { memoryMiB: 128, memoryLimitMiB: 256 }, /memoryMbMax/],
    ['a terminal', { pty: true }, /ptyInfo/],
    ['a blocked network', { blockNetwork: true }, /network/],
    ['a network allowlist', { outboundCidrAllowlist: ['10.0.0.0/8'] }, /network/],
    ['a domain allowlist', { outboundDomainAllowlist: ['example.com'] }, /network/],
    ['an inbound allowlist', { inboundCidrAllowlist: ['10.0.0.0/8'] }, /inboundCidrAllowlist/],
    ['an encrypted port', { encryptedPorts: [80] }, /ports/],
    ['an unencrypted port', { unencryptedPorts: [80] }, /ports/],
    ['a cloud', { cloud: 'aws' }, /cloudProviderStr/],
    ['a region', { regions: ['eu'] }, /schedulerPlacement/],
    ['a runtime', { runtime: 'vm' }, /runtime/],
    ['a readiness probe', { readinessProbe: Probe.withTcp(80) }, /readinessProbe/],
    [
      'an experimental option',
      { experimentalOptions: { enable_exit_snapshot: true } },
      /experimentalOptionsV2/,
    ],
    ['memory snapshots', { experimentalEnableSnapshot: true }, /enableSnapshot/],
    ['an identity token', { includeOidcIdentityToken: true }, /includeOidcIdentityToken/],
    ['private networking', { i6pn: true }, /i6pnEnabled/],
    ['a custom domain', { customDomain: 'example.com' }, /customDomain/],
    ['verbose logs', { verbose: true }, /verbose/],
  ];
  test.each(refused)('is refused at creation: %s', async (_, params, text) => {
    await expect(harness.sandbox(params)).rejects.toMatchObject(refusal(text));
  });

  test('is refused for a command: a terminal', async () => {
    const sandbox = await harness.sandbox();
    await expect(sandbox.exec(['true'], { pty: true })).rejects.toMatchObject({
      code: unimplemented,
      ...refusal(/ptyInfo/),
    });
    await sandbox.terminate();
  });

  test('is refused in an image: a GPU', async () => {
    const image = harness.modal.images
      .fromRegistry('debian:bookworm-slim')
      .dockerfileCommands(['RUN true'], { gpu: 'T4' });
    await expect(image.build(harness.app)).rejects.toMatchObject({
      code: unimplemented,
      ...refusal(/gpuConfig/),
    });
  });

  test('is accepted where a whole machine honours it: a share of CPU and memory', async () => {
    const sandbox = await harness.sandbox({ cpu: 0.5, memoryMiB: 256 });
    await sandbox.terminate();
  });
});

describe('a call that Local Modal does not serve', () => {
  test('is refused with a sentence', async () => {
    const { modal } = harness;
    const sandbox = await harness.sandbox();
    const calls: [() => Promise<unknown>, RegExp][] = [
      [async () => modal.images.fromName('published'), /published images/],
      [async () => harness.base.publish('published'), /published images/],
      [async () => modal.proxies.fromName('p'), /proxies/],
      [async () => sandbox.tunnels(), /tunnels/],
      [async () => sandbox.createConnectToken(), /connect tokens/],
      [async () => sandbox.snapshotDirectory('/etc'), /directory snapshots/],
      [async () => sandbox.mountImage('/mnt'), /mounting images/],
      [async () => sandbox.unmountImage('/mnt'), /mounting images/],
      [
        async () => sandbox.updateNetworkPolicy({ outboundCidrAllowlist: [], outboundDomainAllowlist: [] }),
        /network policies/,
      ],
      [async () => sandbox.waitUntilReady(1000), /readiness probes/],
      [async () => sandbox.experimentalSnapshot(), /memory snapshots/],
      [async () => sandbox.experimentalGetExitSnapshot({ timeoutMs: 1000 }), /exit snapshots/],
    ];
    for (const [refused, text] of calls) {
      await expect(refused()).rejects.toMatchObject({ code: unimplemented, ...refusal(text) });
    }
    await sandbox.terminate();
  });

  test('is refused even if Local Modal has never heard of it', async () => {
    await expect(harness.modal.queues.fromName('q')).rejects.toMatchObject({ code: unimplemented });
  });
});

describe('a client', () => {
  test('needs a token id and a secret, and then the token they are exchanged for', async () => {
    const unauthenticated = { code: 16 };
    const headers = { 'x-modal-token-id': 'ak-test', 'x-modal-token-secret': 'as-test' };
    const getApp = async (token: string) =>
      call('AppGetOrCreate', { appName: 'test-app' }, { ...headers, 'x-modal-auth-token': token });
    await expect(call('AuthTokenGet', {}, {})).rejects.toMatchObject(unauthenticated);
    const { token } = z.object({ token: z.string() }).parse(await call('AuthTokenGet', {}, headers));
    await expect(getApp('')).rejects.toMatchObject(unauthenticated);
    await expect(getApp(`${token.slice(0, -4)}AAAA`)).rejects.toMatchObject(unauthenticated);
    await expect(getApp(token)).resolves.toMatchObject({ appId: harness.app.appId });
  });
});

describe('a command that the system does not take', () => {
  test('is refused, as an exec and as the entrypoint, and leaves nothing', async () => {
    const sandbox = await harness.sandbox({ idleTimeoutMs: 2000 });
    const tooLong = '€'.repeat(60_000);
    const invalid = { code: 3, details: expect.stringContaining('cannot be run') };
    await expect(sandbox.exec(['echo', tooLong])).rejects.toMatchObject(invalid);
    await expect(sandbox.exec(['echo', 'a\0b'])).rejects.toMatchObject(invalid);
    await expect(harness.sandbox({ name: 'too-long', command: ['echo', tooLong] })).rejects.toMatchObject(
      invalid,
    );
    await expect(harness.modal.sandboxes.fromName('test-app', 'too-long')).rejects.toThrow(/not found/);
    // It does not count as a command that runs.
    await sandbox.wait();
  });
});

describe('an emulator with credentials of its own', () => {
  test('accepts no others', async () => {
    await using guarded = await Harness.start({
      credentials: { tokenId: 'ak-test', tokenSecret: 'as-test' },
    });
    const stranger = new ModalClient({ tokenId: 'ak-test', tokenSecret: 'as-guessed' });
    await expect(stranger.apps.fromName('test-app')).rejects.toMatchObject({ code: 16 });
    expect((await guarded.modal.apps.fromName('test-app')).appId).toBe(guarded.app.appId);
  });
});
