/**
 * Gets a Temporal CLI with a development server: from PATH, from the cache, by the official download, or built by Go.
 * Processes that start at the same time share one download or build.
 */
import { access, constants, mkdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { withLock } from '../processes/file-lock.ts';
import type { Environment } from '../processes/guarded-child.ts';
import { checkBinary, firstLine } from './binary.ts';
import { downloadBinary } from './download.ts';
import { goInstallBinary, goModule } from './go-install.ts';
import { TemporalUnavailable, type Attempt } from './errors.ts';

type Log = (line: string) => void;

export type TemporalBinary = { path: string; version: string; from: 'path' | 'cache' | 'download' | 'go' };

export type AcquireOptions = {
  /** The user's cache directory of Harvest. */
  cacheDirectory: string;
  /** PATH, and whatever a download or a build needs (HOME, proxies, Go settings). */
  environment: Environment;
  log: Log;
};

/** Throws `TemporalUnavailable`, which lists every attempt and what to do about it. */
export async function acquireTemporalBinary(options: AcquireOptions): Promise<TemporalBinary> {
  const attempts: Attempt[] = [];
  const found = (await fromPath(options, attempts)) ?? (await fromCache(options, attempts));
  if (found !== null) return found;

  const directory = join(options.cacheDirectory, 'temporal');
  const announceWait = () => options.log('another process is getting the Temporal server; waiting for it');
  return withLock(join(directory, 'lock'), announceWait, async () => {
    const binary =
      (await fromCache(options, [])) ??
      (await fromDownload(options, attempts)) ??
      (await fromGo(options, attempts));
    if (binary === null) throw new TemporalUnavailable(attempts);
    return binary;
  });
}

export function cachedBinaryPath(cacheDirectory: string): string {
  return join(cacheDirectory, 'temporal', 'temporal');
}

/** The file of that name in the directories of PATH, or null. */
async function findProgram(name: string, environment: Environment): Promise<string | null> {
  for (const directory of (environment['PATH'] ?? '').split(delimiter)) {
    if (directory === '') continue;
    const path = join(directory, name);
    const executable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return path;
  }
  return null;
}

async function fromPath(
  { environment, log }: AcquireOptions,
  attempts: Attempt[],
): Promise<TemporalBinary | null> {
  const remedy = 'install the Temporal CLI (https://docs.temporal.io/cli) so that `temporal` is on PATH';
  const path = await findProgram('temporal', environment);
  if (path === null) {
    attempts.push({ step: '`temporal` on PATH', reason: 'there is none', remedy });
    return null;
  }
  const check = await checkBinary(path);
  if (check.usable) return { path, version: check.version, from: 'path' };
  log(`${path} is not used: ${check.reason}`);
  attempts.push({ step: `\`temporal\` on PATH (${path})`, reason: check.reason, remedy });
  return null;
}

async function fromCache(options: AcquireOptions, attempts: Attempt[]): Promise<TemporalBinary | null> {
  const path = cachedBinaryPath(options.cacheDirectory);
  const there = await access(path).then(
    () => true,
    () => false,
  );
  const step = `cached binary (${path})`;
  const remedy = 'put a `temporal` binary there by hand';
  if (!there) {
    attempts.push({ step, reason: 'there is none', remedy });
    return null;
  }
  const check = await checkBinary(path);
  if (check.usable) return { path, version: check.version, from: 'cache' };
  options.log(`the cached Temporal server is not used: ${check.reason}`);
  attempts.push({ step, reason: check.reason, remedy });
  return null;
}

async function fromDownload(options: AcquireOptions, attempts: Attempt[]): Promise<TemporalBinary | null> {
  options.log('downloading the Temporal server (about 60 MB; under a minute on a usual line)');
  return build(options, attempts, {
    from: 'download',
    step: 'official download',
    remedy: 'allow this machine to reach temporal.download, or set HTTPS_PROXY',
    make: (directory) => downloadBinary({ ...options, directory }),
  });
}

async function fromGo(options: AcquireOptions, attempts: Attempt[]): Promise<TemporalBinary | null> {
  const step = `go install ${goModule}`;
  const remedy = 'install Go 1.24 or newer (https://go.dev/dl) so that `go` is on PATH';
  const go = await findProgram('go', options.environment);
  if (go === null) {
    attempts.push({ step, reason: '`go` is not on PATH', remedy });
    return null;
  }
  options.log(`building the Temporal server with Go, once (2 to 5 minutes): ${step}`);
  return build(options, attempts, {
    from: 'go',
    step,
    remedy,
    make: (directory) => goInstallBinary({ ...options, directory, go }),
  });
}

type Builder = {
  from: 'download' | 'go';
  step: string;
  remedy: string;
  /** Makes the binary somewhere in the directory and returns its path. */
  make(directory: string): Promise<string>;
};

/** What is made appears in the cache only when it runs. */
async function build(
  { cacheDirectory, log }: AcquireOptions,
  attempts: Attempt[],
  builder: Builder,
): Promise<TemporalBinary | null> {
  const target = cachedBinaryPath(cacheDirectory);
  const directory = join(cacheDirectory, 'temporal', `making-${builder.from}`);
  try {
    // Whoever holds the lock may remove what a killed predecessor left.
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true });
    const made = await builder.make(directory);
    const check = await checkBinary(made);
    if (!check.usable) throw new Error(check.reason);
    await rename(made, target);
    log(`Temporal ${check.version} is ready in ${target}`);
    return { path: target, version: check.version, from: builder.from };
  } catch (error) {
    log(`${builder.step} did not work: ${firstLine(error)}`);
    attempts.push({ step: builder.step, reason: firstLine(error), remedy: builder.remedy });
    return null;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
