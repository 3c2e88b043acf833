/** Tells what is left of the containers that an emulator has at this moment. */
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

export class ContainerWatch implements Disposable {
  readonly #stateDirectory: string;
  readonly #inits: string[];
  readonly #namespaces: string[];
  /** While its namespace is open here, no new one can get its number. */
  readonly #open: number[];

  constructor(stateDirectory: string) {
    this.#stateDirectory = stateDirectory;
    this.#inits = containerInits(stateDirectory);
    this.#open = this.#inits.map((pid) => openSync(`/proc/${pid}/ns/pid`, 'r'));
    this.#namespaces = this.#open.map((fd) => readlinkSync(`/proc/self/fd/${fd}`));
  }

  get containers(): number {
    return this.#inits.length;
  }

  /** Everything inside, and what holds it from outside. While there is nothing, none of its mounts exists either. */
  processes(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => this.#isInside(pid) || this.#isHolder(pid))
      .map(Number);
  }

  [Symbol.dispose](): void {
    for (const fd of this.#open) closeSync(fd);
  }

  #isInside(pid: string): boolean {
    const namespace = ifThere(() => readlinkSync(`/proc/${pid}/ns/pid`));
    return namespace !== undefined && this.#namespaces.includes(namespace);
  }

  #isHolder(pid: string): boolean {
    const [program = '', ...args] = (ifThere(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '').split(
      '\0',
    );
    if (program.endsWith('/nsenter')) return this.#inits.includes(args[1] ?? '');
    return (
      program.endsWith('/unshare') &&
      args.some((arg) => arg.startsWith(join(this.#stateDirectory, 'containers')))
    );
  }
}

/** PID 1 of every container, by this machine's numbers. */
export function containerInits(stateDirectory: string): string[] {
  const containers = join(stateDirectory, 'containers');
  return readdirSync(containers).flatMap((name) => {
    const content = ifThere(() => readFileSync(join(containers, name, 'init.json'), 'utf8')) ?? '';
    return /"pid":(\d+)/.exec(content)?.[1] ?? [];
  });
}

function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
