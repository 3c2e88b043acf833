/**
 * Completes package-lock.json with the optional packages of other platforms: `npm run lockfile`, after each `npm install`
 * behind a registry mirror that does not carry them. npm leaves out what it could not look up, and `npm ci` then refuses
 * the file. An entry needs no more than version, system and processor: it is never fetched where they do not fit.
 */
import { readFile, writeFile } from 'node:fs/promises';

type Entry = {
  version?: string;
  optional?: boolean;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
};

const systems = [
  'darwin',
  'linux',
  'linuxmusl',
  'win32',
  'android',
  'freebsd',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'aix',
];
const processors = ['arm64', 'x64', 'arm', 'ia32', 'riscv64', 'ppc64', 's390x', 'loong64', 'mips64el'];

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(await readFile(file, 'utf8')) as { packages: Record<string, Entry> };
const added = complete(lock.packages);
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
await writeFile(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
console.log(`${added} entries added`);

function complete(packages: Record<string, Entry>): number {
  let added = 0;
  for (const parent of Object.values(packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const known = Object.keys(packages).some(
        (path) => path === `node_modules/${name}` || path.endsWith(`/node_modules/${name}`),
      );
      const platform = known ? null : platformOf(name);
      if (platform === null) continue;
      packages[`node_modules/${name}`] = {
        version,
        ...(parent.dev === true && { dev: true }),
        optional: true,
        ...platform,
      };
      added += 1;
    }
  }
  return added;
}

/** Null for a name that says no platform: such a package is a real gap. */
function platformOf(name: string): Pick<Entry, 'os' | 'cpu' | 'libc'> | null {
  const words = name.split(/[/-]/);
  const os = words.find((word) => systems.includes(word));
  const cpu =
    words.find((word) => processors.includes(word)) ??
    words.map((word) => /^(arm)(?:eabi|hf)?$/.exec(word)?.[1]).find(Boolean);
  if (os === undefined || cpu === undefined) return null;
  const libc = words.includes('musl') || os === 'linuxmusl' ? 'musl' : words.includes('gnu') ? 'glibc' : null;
  return { os: [os === 'linuxmusl' ? 'linux' : os], cpu: [cpu], ...(libc !== null && { libc: [libc] }) };
}
