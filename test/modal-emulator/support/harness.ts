/** An emulator of its own for a test file, with the real SDK as its client. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ModalClient,
  type ModalClientParams,
  type App,
  type Image,
  type Sandbox,
  type SandboxExecParams,
} from 'modal';
import { expect } from 'vitest';
import { startEmulator, type Emulator, type EmulatorOptions } from '../../../src/modal-emulator/emulator.ts';

/** For what happens soon, but not at once, on a machine that may be busy. */
export const eventually = <T>(look: () => T | Promise<T>) =>
  expect.poll(look, { timeout: 90_000, interval: 50 });

export const baseTag = 'debian:bookworm-slim';

const quiet = (): undefined => undefined;

/** The SDK takes the server from the environment at the moment a client is made. */
export function connect(url: string, options: ModalClientParams = {}): ModalClient {
  process.env['MODAL_SERVER_URL'] = url;
  return new ModalClient({
    tokenId: 'ak-test',
    tokenSecret: 'as-test',
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    ...options,
  });
}

export function makeStateDirectory(): string {
  return mkdtempSync(join(process.env['HARVEST_TEST_STATE'] ?? tmpdir(), 'harvest-emulator-'));
}

export class Harness implements AsyncDisposable {
  readonly stateDirectory: string;
  readonly emulator: Emulator;
  readonly modal: ModalClient;
  readonly logs: string[];
  readonly app: App;
  /** The plain Debian image. */
  readonly base: Image;

  private constructor(
    parts: Pick<Harness, 'stateDirectory' | 'emulator' | 'modal' | 'logs' | 'app' | 'base'>,
  ) {
    this.stateDirectory = parts.stateDirectory;
    this.emulator = parts.emulator;
    this.modal = parts.modal;
    this.logs = parts.logs;
    this.app = parts.app;
    this.base = parts.base;
  }

  static async start(options: Partial<EmulatorOptions> = {}): Promise<Harness> {
    const stateDirectory = options.stateDirectory ?? makeStateDirectory();
    const logs: string[] = [];
    const emulator = await startEmulator({ ...options, stateDirectory, log: (line) => logs.push(line) });
    const modal = connect(emulator.url);
    const app = await modal.apps.fromName('test-app', { createIfMissing: true });
    const base = await modal.images.fromRegistry(baseTag).build(app);
    return new Harness({ stateDirectory, emulator, modal, logs, app, base });
  }

  async sandbox(
    params: Parameters<ModalClient['sandboxes']['create']>[2] = {},
    image = this.base,
  ): Promise<Sandbox> {
    return this.modal.sandboxes.create(this.app, image, params);
  }

  async build(...commands: string[]): Promise<Image> {
    return this.modal.images.fromRegistry(baseTag).dockerfileCommands(commands).build(this.app);
  }

  countCalls(rpc: string): number {
    return this.emulator.calls.filter((call) => call.rpc === rpc).length;
  }

  layersOnDisk(): string[] {
    return readdirSync(join(this.stateDirectory, 'layers'));
  }

  /** Ends the emulator and keeps its state directory for another one. */
  async stop(): Promise<void> {
    this.modal.close();
    await this.emulator.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.stateDirectory, { recursive: true, force: true, maxRetries: 3 });
  }
}

export type Ran = { stdout: string; stderr: string; code: number };

/** Runs a shell command in the sandbox to its end. */
export async function sh(sandbox: Sandbox, command: string, params: SandboxExecParams = {}): Promise<Ran> {
  const process = await sandbox.exec(['sh', '-c', command], { ...params, mode: 'text' });
  const [stdout, stderr, code] = await Promise.all([
    process.stdout.readText(),
    process.stderr.readText(),
    process.wait(),
  ]);
  return { stdout, stderr, code };
}

/** The stdout of a shell command that must succeed. */
export async function out(sandbox: Sandbox, command: string): Promise<string> {
  const { stdout, stderr, code } = await sh(sandbox, command);
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${stderr}`);
  return stdout;
}

/** Mounts of this process's own namespace that concern the directory. */
export function mountsUnder(directory: string): string[] {
  return (readFile('/proc/self/mountinfo') ?? '').split('\n').filter((line) => line.includes(directory));
}

function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
