/** What of a container lies on disk beside its image: the parts of its overlay and what the machine hands in. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** Where a container finds the host's CA bundle. */
export const containerCaBundle = '/run/modal/ca-certificates.crt';

/**
 * Makes the directory of a container: the parts of its overlay, short names for its layers (absolute paths, newest first), and what its /run begins
 * with, which is all that this machine hands in. Returns the short names.
 */
export function makeContainerFiles(
  directory: string,
  layers: readonly string[],
  caBundle: string | undefined,
): string[] {
  for (const name of ['up', 'wk', 'root', 'l', 'run/lock', 'run/modal/machine']) {
    mkdirSync(join(directory, name), { recursive: true, mode: 0o755 });
  }
  chmodSync(join(directory, 'run/lock'), 0o1777);
  handIn(join(directory, 'run/modal'), caBundle);
  return layers.map((layer, index) => {
    symlinkSync(layer, join(directory, 'l', String(index)));
    return String(index);
  });
}

/** Name resolution as it is at this moment, and the authorities; readable for every user of the container. */
function handIn(directory: string, caBundle: string | undefined): void {
  const read = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  writeFileSync(join(directory, 'resolv.conf'), read('/etc/resolv.conf'), { mode: 0o644 });
  writeFileSync(join(directory, 'hosts'), `${read('/etc/hosts')}127.0.1.1 modal\n`, { mode: 0o644 });
  if (caBundle === undefined) return;
  const bundle = join(directory, 'ca-certificates.crt');
  copyFileSync(caBundle, bundle);
  chmodSync(bundle, 0o644);
}
