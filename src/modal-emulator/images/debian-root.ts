/**
 * Root file systems of Debian releases, made by debootstrap once and shared by every emulator of this user. A root is complete or absent:
 * it is built beside its place, under a lock of its own, and moved there.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { arch } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { toolPath } from '../container/tools.ts';
import { unsupported } from '../rpc/rpc-error.ts';
import { debianMirror, httpProxy } from './apt-settings.ts';

/** Part of a root's name: a change of what buildScript makes needs another number. */
const recipeVersion = 2;

/** One per release that debootstrap knows. */
const debootstrapScripts = '/usr/share/debootstrap/scripts';

/** Another instance under the same name (after the cache was emptied) is another layer. */
export type DebianRoot = { name: string; instance: string; path: string };

/**
 * $1 the place  $2 release  $3 mirror or ''. Nothing of this machine stays in the root. As in other Debian images no service is started by the
 * installation of a package, dpkg does without fsync, and apt keeps no caches (60 MiB in every layer and snapshot).
 */
const buildScript = `
[ ! -e "$1/instance" ] || exit 0
rm -rf "$1.part"
mkdir -p "$1.part"
debootstrap --variant=minbase "$2" "$1.part/layer" $3
cd "$1.part/layer"
rm -rf dev/* run/* tmp/* var/cache/apt/* var/lib/apt/lists/* var/log/*.log etc/hostname etc/resolv.conf etc/hosts
: >etc/resolv.conf
: >etc/hosts
echo modal >etc/hostname
printf '#!/bin/sh\\nexit 101\\n' >usr/sbin/policy-rc.d
chmod 755 usr/sbin/policy-rc.d
echo force-unsafe-io >etc/dpkg/dpkg.cfg.d/unsafe-io
echo 'Acquire::Languages "none";' >etc/apt/apt.conf.d/no-languages
cat >etc/apt/apt.conf.d/no-caches <<'END'
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb || true"; };
END
cat /proc/sys/kernel/random/uuid >"$1.part/instance"
mv "$1.part" "$1"
`;

export class DebianRoots {
  readonly #directory: string;
  readonly #builds = new Set<ChildProcess>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The name of the root behind a registry tag. Throws for tags that have none here. */
  nameOf(tag: string): string {
    return `debian-${releaseOf(tag)}-${arch()}-${recipeVersion}`;
  }

  find(name: string): DebianRoot | undefined {
    try {
      const instance = readFileSync(join(this.#directory, name, 'instance'), 'utf8').trim();
      return { name, instance, path: join(this.#directory, name, 'layer') };
    } catch {
      return undefined;
    }
  }

  /** Finds the root or makes it, which takes half a minute and is waited for when another process is at it. */
  async ensure(tag: string, log: (line: string) => void): Promise<DebianRoot> {
    const name = this.nameOf(tag);
    const present = this.find(name);
    if (present !== undefined) return present;
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    log(`making a Debian root (${releaseOf(tag)}) with debootstrap, once; about half a minute`);
    await this.#build(join(this.#directory, name), releaseOf(tag), log);
    const built = this.find(name);
    if (built === undefined) throw new Error(`debootstrap left no root at ${name}`);
    return built;
  }

  /** Gives up what is being built. */
  close(): void {
    for (const build of this.#builds) build.kill('SIGKILL');
  }

  async #build(place: string, release: string, log: (line: string) => void): Promise<void> {
    const mirror = await debianMirror(release);
    const proxy = await httpProxy();
    const locked = ['--pdeathsig', 'KILL', toolPath('flock'), '-F', `${place}.lock`];
    // In namespaces of its own, so that neither its mounts nor its processes outlive an interrupted run.
    const apart = [toolPath('unshare'), '--mount', '--pid', '--fork', '--kill-child'];
    const variables = ['LC_ALL=C', ...(proxy === undefined ? [] : [`http_proxy=${proxy}`])];
    const script = [toolPath('sh'), '-ec', buildScript, 'sh', place, release, mirror ?? ''];
    const build = spawn(
      toolPath('setpriv'),
      [...locked, ...apart, toolPath('env'), ...variables, ...script],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      },
    );
    this.#builds.add(build);
    const lastLines: string[] = [];
    for (const stream of [build.stdout, build.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        log(line);
        lastLines.push(line);
        if (lastLines.length > 10) lastLines.shift();
      });
    }
    const [code] = await once(build, 'close');
    this.#builds.delete(build);
    if (code !== 0) throw new Error(`debootstrap failed:\n${lastLines.join('\n')}`);
  }
}

function releaseOf(tag: string): string {
  const release = /^debian:([a-z]+)(?:-slim)?$/.exec(tag)?.[1];
  if (release === undefined || !existsSync(join(debootstrapScripts, release))) {
    throw unsupported(
      `the image ${tag}: it has only debian:<release> and debian:<release>-slim (for example debian:bookworm-slim)`,
    );
  }
  return release;
}
