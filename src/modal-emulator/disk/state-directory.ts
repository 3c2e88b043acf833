/**
 * The emulator's directory on disk, held by one process at a time.
 *
 *   lock, owner          who holds it
 *   token-key            signs client and router tokens
 *   apps.json            names of apps
 *   images/<id>.json     what an image consists of            layers/<id>/   one overlay layer each
 *   sandboxes/<id>.json  what became of a sandbox             containers/<id>/    files of a running one
 *   volumes/<id>/        record and files of a volume; new-<id> and deleted-<id> come and go
 *   outputs/, pipes/, device-template/                        of this process only
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { once } from 'node:events';
import { removeTrees } from '../container/host-process.ts';
import { toolPath, toolEnvironment } from '../container/tools.ts';

/** After a SIGKILL the previous holder's lock is released within milliseconds, not at once. */
const lockWaitSeconds = 2;
const lockRefused = 75;

const stateFolders = ['images', 'layers', 'sandboxes', 'containers', 'volumes', 'outputs', 'pipes'];

export class StateDirectoryInUse extends Error {
  override readonly name = 'StateDirectoryInUse';
  readonly directory: string;

  constructor(directory: string, owner: string) {
    super(
      `the emulator's state directory ${directory} is in use by ${owner}; end it or choose another directory`,
    );
    this.directory = directory;
  }
}

export class StateDirectory {
  readonly root: string;
  readonly #holder: ChildProcess;

  private constructor(root: string, holder: ChildProcess) {
    this.root = root;
    this.#holder = holder;
  }

  /** Creates the directory if need be and takes its lock; the kernel frees the lock when this process ends, however it ends. */
  static async open(directory: string): Promise<StateDirectory> {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const root = realpathSync(directory);
    const holder = await takeLock(root);
    writeFileSync(join(root, 'owner'), `process ${process.pid}`);
    const state = new StateDirectory(root, holder);
    for (const name of stateFolders) {
      mkdirSync(state.path(name), { recursive: true, mode: 0o700 });
    }
    return state;
  }

  path(...names: string[]): string {
    return join(this.root, ...names);
  }

  async empty(name: string): Promise<void> {
    await removeTrees(this.path(name));
    mkdirSync(this.path(name), { recursive: true, mode: 0o700 });
  }

  /** The key that signs tokens, made once. */
  tokenKey(): Buffer {
    const path = this.path('token-key');
    try {
      writeFileSync(path, randomBytes(32), { flag: 'wx', mode: 0o600 });
    } catch {
      // It is there already.
    }
    return readFileSync(path);
  }

  async close(): Promise<void> {
    if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) return;
    const ended = once(this.#holder, 'exit');
    this.#holder.ref();
    this.#holder.stdin?.end();
    await ended;
  }
}

async function takeLock(root: string): Promise<ChildProcess> {
  // The lock lives in a child that ends when its stdin, a pipe from this process, is closed.
  const script = 'echo locked; exec cat >/dev/null';
  const options = ['-F', '-w', String(lockWaitSeconds), '-E', String(lockRefused)];
  const holder = spawn(toolPath('flock'), [...options, join(root, 'lock'), toolPath('sh'), '-c', script], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: toolEnvironment,
    detached: true,
  });
  const locked = await Promise.race([
    once(holder.stdout, 'data').then(() => true),
    once(holder, 'exit').then(() => false),
  ]);
  if (!locked) throw new StateDirectoryInUse(root, readOwner(root));
  holder.unref();
  return holder;
}

function readOwner(root: string): string {
  try {
    return readFileSync(join(root, 'owner'), 'utf8');
  } catch {
    return 'another process';
  }
}
