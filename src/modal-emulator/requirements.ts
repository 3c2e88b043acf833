/** What Local Modal needs of the machine it runs on: named when it is missing, installed on request. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { platform } from 'node:os';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { findTool, toolPath } from './container/tools.ts';

/** What Local Modal runs on this machine, and the Debian package of each. */
const toolPackages: Readonly<Record<string, string>> = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  flock: 'util-linux',
  mount: 'mount',
  debootstrap: 'debootstrap',
  sh: 'dash',
  cp: 'coreutils',
  mkfifo: 'coreutils',
};
/** Without its keyring debootstrap cannot verify Debian on other distributions. */
const debianKeyring = {
  path: '/usr/share/keyrings/debian-archive-keyring.gpg',
  package: 'debian-archive-keyring',
};

/** One sentence per thing that keeps Local Modal from running here; empty when it can. */
export function findMissingRequirements(): string[] {
  if (platform() !== 'linux') return ['Local Modal needs Linux.'];
  const missing = missingPackages();
  return [
    ...(process.getuid?.() === 0 ? [] : ['Local Modal needs root (it makes namespaces and overlay mounts).']),
    ...(missing.length === 0 ? [] : [`Local Modal needs the packages ${missing.join(', ')}.`]),
  ];
}

/** On Debian and Ubuntu as root: installs the packages that are missing. Rejects with one sentence elsewhere. */
export async function installRequirements(log: (line: string) => void): Promise<void> {
  const missing = missingPackages();
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || findTool('apt-get') === undefined) {
    throw new Error(`Install the packages ${missing.join(', ')}, or use Modal's cloud.`);
  }
  log(`installing ${missing.join(', ')} with apt-get`);
  await aptGet(['update', '-q'], log);
  await aptGet(['install', '-y', '-q', '--no-install-recommends', ...missing], log);
}

function missingPackages(): string[] {
  const packages = Object.entries(toolPackages).flatMap(([tool, name]) =>
    findTool(tool) === undefined ? [name] : [],
  );
  if (!existsSync(debianKeyring.path)) packages.push(debianKeyring.package);
  return [...new Set(packages)];
}

async function aptGet(args: readonly string[], log: (line: string) => void): Promise<void> {
  const run = spawn(toolPath('env'), ['DEBIAN_FRONTEND=noninteractive', toolPath('apt-get'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [run.stdout, run.stderr]) createInterface({ input: stream }).on('line', log);
  const [code] = await once(run, 'close');
  if (code !== 0) throw new Error(`apt-get ${args[0]} ended with code ${code}`);
}
