/** What the emulator is put together from, and what of an earlier process is cleared away first. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ContainerFactory } from './container/container-factory.ts';
import { makeDeviceTemplate } from './container/device-template.ts';
import { Fifos } from './container/fifos.ts';
import type { StateDirectory } from './disk/state-directory.ts';
import type { EmulatorOptions } from './emulator.ts';
import { Builder } from './images/builder.ts';
import { DebianRoots } from './images/debian-root.ts';
import { ImageStore } from './images/image-store.ts';
import { Layers } from './images/layers.ts';
import { Snapshots } from './images/snapshots.ts';
import { Tokens } from './rpc/tokens.ts';
import { removeLeftoverContainers } from './sandboxes/leftovers.ts';
import { SandboxRecords } from './sandboxes/records.ts';
import { SandboxRegistry } from './sandboxes/registry.ts';
import { Apps } from './services/apps.ts';
import { Secrets } from './services/secrets.ts';
import { VolumeStore } from './volumes/volume-store.ts';

export type Parts = {
  tokens: Tokens;
  apps: Apps;
  secrets: Secrets;
  roots: DebianRoots;
  images: ImageStore;
  volumes: VolumeStore;
  snapshots: Snapshots;
  fifos: Fifos;
  containers: ContainerFactory;
  builder: Builder;
  registry: SandboxRegistry;
  expirySweep: NodeJS.Timeout;
};

const defaultJwtLifetimeSeconds = 3600;
const expirySweepMs = 1000;
/** Three heartbeats of the SDK. */
const ephemeralLifetimeSeconds = 15 * 60;
const caBundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
];

/** Clears away what an earlier process left in the state directory and builds the emulator's parts on the rest. */
export async function assemble(state: StateDirectory, options: EmulatorOptions): Promise<Parts> {
  const log = options.log ?? (() => undefined);
  await removeLeftoverContainers(state.path('containers'), log);
  await Promise.all(['outputs', 'pipes'].map(async (name) => state.empty(name)));
  makeDeviceTemplate(state.path('device-template'));

  const rootCache = options.rootCacheDirectory ?? join(homedir(), '.cache', 'harvest', 'debian-roots');
  const roots = new DebianRoots(rootCache);
  const layers = new Layers(state.path('layers'), roots);
  const images = new ImageStore(state.path('images'), layers);
  await images.sweep();
  await images.collect();
  const volumes = new VolumeStore({ directory: state.path('volumes'), ephemeralLifetimeSeconds, log });
  await volumes.collect();
  const fifos = new Fifos(state.path('pipes'));
  const containers = new ContainerFactory({
    containersDirectory: state.path('containers'),
    deviceTemplate: state.path('device-template'),
    caBundle: caBundles.find((path) => existsSync(path)),
    environment: options.environment ?? {},
    fifos,
  });
  const outputDirectory = state.path('outputs');
  const builder = new Builder({
    store: images,
    layers,
    roots,
    containers,
    spoolDirectory: outputDirectory,
    log,
  });
  const records = new SandboxRecords(state.path('sandboxes'));
  const registry = new SandboxRegistry({ records, images, volumes, containers, outputDirectory, log });
  const expirySweep = setInterval(() => {
    void images.sweep();
    void volumes.sweep();
  }, expirySweepMs);
  expirySweep.unref();
  return {
    tokens: new Tokens(state.tokenKey(), options.jwtLifetimeSeconds ?? defaultJwtLifetimeSeconds),
    apps: new Apps(state.path('apps.json')),
    secrets: new Secrets(),
    snapshots: new Snapshots(images, layers),
    roots,
    images,
    volumes,
    fifos,
    containers,
    builder,
    registry,
    expirySweep,
  };
}

export async function closeParts(parts: Parts): Promise<void> {
  clearInterval(parts.expirySweep);
  parts.roots.close();
  await parts.registry.close();
  await parts.containers.endAll();
  await parts.builder.settled();
  await parts.fifos.close();
}
