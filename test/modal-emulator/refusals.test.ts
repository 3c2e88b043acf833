import { Probe, type SandboxCreateParams } from 'modal';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, Harness } from './support/harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

const UNIMPLEMENTED = 12;
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
  it.each(refused)('is refused at creation: %s', async (_, params, text) => {
    await expect(harness.sandbox(params)).rejects.toMatchObject(refusal(text));
  });

  it('is refused for a command: a terminal', async () => {
    const sandbox = await harness.sandbox();
    await expect(sandbox.exec(['true'], { pty: true })).rejects.toMatchObject({
      code: UNIMPLEMENTED,
      ...refusal(/ptyInfo/),
    });
    await sandbox.terminate();
  });

  it('is refused in an image: a GPU', async () => {
    const image = harness.modal.images
      .fromRegistry('debian:bookworm-slim')
      .dockerfileCommands(['RUN true'], { gpu: 'T4' });
    await expect(image.build(harness.app)).rejects.toMatchObject({
      code: UNIMPLEMENTED,
      ...refusal(/gpuConfig/),
    });
  });

  it('is accepted where a whole machine honours it: a share of CPU and memory', async () => {
    const sandbox = await harness.sandbox({ cpu: 0.5, memoryMiB: 256 });
    await sandbox.terminate();
  });
});

describe('a call that Local Modal does not serve', () => {
  it('is refused with a sentence', async () => {
    const { modal } = harness;
    const sandbox = await harness.sandbox();
    const calls: [() => Promise<unknown>, RegExp][] = [
      [async () => modal.volumes.fromName('v', { createIfMissing: true }), /volumes/],
      [async () => modal.images.fromName('published'), /published images/],
      [async () => harness.base.publish('published'), /published images/],
      [async () => modal.proxies.fromName('p'), /proxies/],
      [async () => sandbox.tunnels(), /tunnels/],
      [async () => sandbox.createConnectToken(), /connect tokens/],
      [async () => sandbox.snapshotDirectory('/etc'), /directory snapshots/],
      [async () => sandbox.mountImage('/mnt'), /mounting images/],
      [async () => sandbox.unmountImage('/mnt'), /mounting images/],
      [async () => sandbox.reloadVolumes(), /volumes/],
      [
        async () => sandbox.updateNetworkPolicy({ outboundCidrAllowlist: [], outboundDomainAllowlist: [] }),
        /network policies/,
      ],
      [async () => sandbox.waitUntilReady(1000), /readiness probes/],
      [async () => sandbox.experimentalSnapshot(), /memory snapshots/],
      [async () => sandbox.experimentalGetExitSnapshot({ timeoutMs: 1000 }), /exit snapshots/],
    ];
    for (const [call, text] of calls) {
      await expect(call()).rejects.toMatchObject({ code: UNIMPLEMENTED, ...refusal(text) });
    }
    await sandbox.terminate();
  });

  it('is refused even if Local Modal has never heard of it', async () => {
    await expect(harness.modal.queues.fromName('q')).rejects.toMatchObject({ code: UNIMPLEMENTED });
  });
});

describe('a client', () => {
  it('needs a token id and a secret', async () => {
    const { cpClient } = connect(harness.emulator.url);
    await expect(cpClient.authTokenGet({}, { metadata: undefined })).resolves.toMatchObject({
      token: expect.any(String),
    });
    const calls = harness.countCalls('AuthTokenGet');
    const { createChannel, createClient } = await import('nice-grpc');
    const channel = createChannel(harness.emulator.url);
    const { controlPlaneDefinition } = await import('../../src/modal-emulator/rpc/protos.ts');
    const bare = createClient(controlPlaneDefinition as never, channel) as unknown as {
      AuthTokenGet: (request: object) => Promise<object>;
    };
    await expect(bare.AuthTokenGet({})).rejects.toMatchObject({ code: 16 });
    expect(harness.countCalls('AuthTokenGet')).toBe(calls + 1);
    channel.close();
  });
});
