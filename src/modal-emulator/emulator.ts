/**
 * Local Modal: the part of Modal's API that the unmodified SDK needs for apps, images, secrets, volumes, sandboxes and filesystem snapshots,
 * served on loopback with sandboxes of Linux namespaces. The network of a sandbox is this machine's: a tool for development and tests.
 *
 * Point the SDK at it with MODAL_SERVER_URL set to `url`, and any MODAL_TOKEN_ID and MODAL_TOKEN_SECRET, before a client is made.
 */
import { assemble, closeParts } from './assembly.ts';
import { ControlServer } from './control-server.ts';
import { StateDirectory } from './disk/state-directory.ts';
import { Faults, type RecordedCall } from './faults.ts';
import { controlPlaneGate, routerGate, type Credentials } from './gates.ts';
import { commandRouterDefinition, controlPlaneDefinition } from './rpc/protos.ts';
import { RpcServer } from './rpc/rpc-server.ts';
import { controlPlaneHandlers, routerHandlers } from './services/all-services.ts';

export { StateDirectoryInUse } from './disk/state-directory.ts';
export { findMissingRequirements, installRequirements } from './requirements.ts';
export type { Faults, RecordedCall } from './faults.ts';

export type EmulatorOptions = {
  /** Images, layers, volumes and records; on a file system that can hold overlay layers (ext4, xfs, btrfs, tmpfs). One process at a time. */
  stateDirectory: string;
  /** Of the control plane, which the SDK is pointed at. Default: a free one. */
  port?: number;
  controlPort?: number;
  /** Build output and notable events, line by line. */
  log?: (line: string) => void;
  /** How long client and router tokens are good. Default 3600. */
  jwtLifetimeSeconds?: number;
  /** Debian roots, shared by all emulators. Default: harvest/debian-roots in the user's cache directory. */
  rootCacheDirectory?: string;
  /**
   * The only token id and secret that are accepted; any without this. Processes in sandboxes can reach the emulator over this machine's network,
   * so whoever runs programs there that must not command sandboxes sets it.
   */
  credentials?: Credentials;
  /** Variables for every process in builds and sandboxes, for example proxy settings. */
  environment?: Readonly<Record<string, string>>;
};

export type Emulator = {
  /** For MODAL_SERVER_URL. */
  readonly url: string;
  /** See control-server.ts. */
  readonly controlUrl: string;
  readonly faults: Faults;
  readonly calls: readonly RecordedCall[];
  /** Makes or replaces a named secret, in memory. */
  setSecret: (name: string, values: Record<string, string>, environmentName?: string) => void;
  /** Ends every sandbox and build, and leaves no process and no mount. */
  close: () => Promise<void>;
};

/** Rejects with StateDirectoryInUse when another process has the directory, and with EADDRINUSE when a port is taken. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const state = await StateDirectory.open(options.stateDirectory);
  try {
    const parts = await assemble(state, options);
    const { tokens } = parts;
    const faults: Faults = new Faults({
      cutRouterConnections: () => router.cutConnections(),
      cutControlPlaneConnections: () => controlPlane.cutConnections(),
      revokeRouterTokens: () => tokens.revokeRouterTokens(),
      killSandbox: async (sandboxId) => parts.registry.kill(sandboxId),
    });
    const router = new RpcServer(commandRouterDefinition, routerHandlers(parts), routerGate(tokens, faults));
    // The SDK wants an https address, and dials it in plaintext because the control plane is on 127.0.0.1.
    const routerUrl = `https://127.0.0.1:${await router.listen(0)}`;
    const handlers = controlPlaneHandlers(parts, routerUrl);
    const gate = controlPlaneGate(tokens, faults, options.credentials);
    const controlPlane = new RpcServer(controlPlaneDefinition, handlers, gate);
    const setSecret: Emulator['setSecret'] = (name, values, environmentName = '') => {
      parts.secrets.setNamed(environmentName, name, values);
    };
    const control = new ControlServer({ faults, setSecret });
    const url = `http://127.0.0.1:${await controlPlane.listen(options.port ?? 0)}`;
    const controlUrl = await control.listen(options.controlPort ?? 0);
    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      for (const server of [control, controlPlane, router]) server.close();
      await closeParts(parts);
      await state.close();
    };
    const closeOnce = async (): Promise<void> => (closing ??= close());
    return { url, controlUrl, faults, calls: faults.calls, setSecret, close: closeOnce };
  } catch (error) {
    await state.close();
    throw error;
  }
}
