import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { BoxFactory } from './box/box-factory.ts';
import { makeDeviceTemplate } from './box/device-template.ts';
import { Fifos } from './box/fifos.ts';
import type { StateDirectory } from './disk/state-directory.ts';
import type { EmulatorOptions } from './emulator.ts';
import { Builder } from './images/builder.ts';
import { DebianRoots } from './images/debian-root.ts';
import { ImageStore } from './images/image-store.ts';
import { Layers } from './images/layers.ts';
import { Snapshots } from './images/snapshots.ts';
import { Tokens } from './rpc/tokens.ts';
import { removeLeftoverBoxes } from './sandboxes/leftovers.ts';
import { SandboxRecords } from './sandboxes/records.ts';
import { SandboxRegistry } from './sandboxes/registry.ts';
import { Apps } from './services/apps.ts';
import { Secrets } from './services/secrets.ts';

export type Parts = {
  tokens: Tokens;
  apps: Apps;
  secrets: Secrets;
  roots: DebianRoots;
  images: ImageStore;
  snapshots: Snapshots;
  fifos: Fifos;
  boxes: BoxFactory;
  builder: Builder;
  registry: SandboxRegistry;
  expirySweep: NodeJS.Timeout;
};

const DEFAULT_JWT_LIFETIME_SECONDS = 3600;
const EXPIRY_SWEEP_MS = 1000;
const CA_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
];

/** Clears away what an earlier process left in the state directory and builds the emulator's parts on the rest. */
export async function assemble(state: StateDirectory, options: EmulatorOptions): Promise<Parts> {
  const log = options.log ?? (() => undefined);
  await removeLeftoverBoxes(state.path('boxes'), log);
  await Promise.all(['outputs', 'pipes'].map(async (name) => state.empty(name)));
  makeDeviceTemplate(state.path('device-template'));

  const rootCache = options.rootCacheDirectory ?? join(homedir(), '.cache', 'harvest', 'debian-roots');
  const roots = new DebianRoots(rootCache);
  const layers = new Layers(state.path('layers'), roots);
  const images = new ImageStore(state.path('images'), layers);
  await images.sweep();
  await images.collect();
  const fifos = new Fifos(state.path('pipes'));
  const boxes = new BoxFactory({
    boxesDirectory: state.path('boxes'),
    deviceTemplate: state.path('device-template'),
    caBundle: CA_BUNDLES.find((path) => existsSync(path)),
    environment: options.environment ?? {},
    fifos,
  });
  const outputDirectory = state.path('outputs');
  const builder = new Builder({ store: images, layers, roots, boxes, spoolDirectory: outputDirectory, log });
  const records = new SandboxRecords(state.path('sandboxes'));
  const registry = new SandboxRegistry({ records, images, boxes, outputDirectory, log });
  const expirySweep = setInterval(() => void images.sweep(), EXPIRY_SWEEP_MS);
  expirySweep.unref();
  return {
    tokens: new Tokens(state.tokenKey(), options.jwtLifetimeSeconds ?? DEFAULT_JWT_LIFETIME_SECONDS),
    apps: new Apps(state.path('apps.json')),
    secrets: new Secrets(),
    snapshots: new Snapshots(images, layers),
    roots,
    images,
    fifos,
    boxes,
    builder,
    registry,
    expirySweep,
  };
}

export async function closeParts(parts: Parts): Promise<void> {
  clearInterval(parts.expirySweep);
  parts.roots.close();
  await parts.registry.close();
  await parts.boxes.endAll();
  await parts.builder.settled();
  await parts.fifos.close();
}
