/** The devices of every container. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { toolPath } from './tools.ts';

const deviceNames = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
const deviceLinks = { fd: '/proc/self/fd', stdin: 'fd/0', stdout: 'fd/1', stderr: 'fd/2', ptmx: 'pts/ptmx' };

/** Makes the content of a container's private /dev once, so that a container copies it with a single command. */
export function makeDeviceTemplate(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(join(directory, 'pts'), { recursive: true });
  mkdirSync(join(directory, 'shm'));
  chmodSync(join(directory, 'shm'), 0o1777);
  execFileSync(toolPath('cp'), ['-a', ...deviceNames.map((name) => `/dev/${name}`), directory]);
  for (const [name, target] of Object.entries(deviceLinks)) symlinkSync(target, join(directory, name));
}
