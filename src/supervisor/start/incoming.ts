/** What the worker sends ahead of the start of a restore: kept as files of root's until that start has used it. */
import { createWriteStream } from 'node:fs';
import { access, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Settings } from '../settings.ts';

const folderOf = (settings: Settings): string => join(settings.statePath, 'incoming');

export function incomingTranscript(settings: Settings, agentSessionId: string): string {
  return join(folderOf(settings), 'transcripts', `${agentSessionId}.jsonl`);
}

export function incomingBundle(settings: Settings, repository: string): string {
  return join(folderOf(settings), 'bundles', `${repository}.bundle`);
}

export function incomingFolder(settings: Settings): string {
  return folderOf(settings);
}

/** Carried work was announced, and its bundle is not here: the worker sends it before the start. */
export class BundleNotSent extends Error {
  override readonly name = 'BundleNotSent';
  readonly repository: string;
  constructor(repository: string) {
    super(`the bundle of ${repository} was not sent ahead of the start`);
    this.repository = repository;
  }
}

/** The newest one wins; a request that is cut leaves the one before. */
export async function receive(path: string, body: Readable): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await pipeline(body, createWriteStream(`${path}.part`, { mode: 0o600 }));
  await rename(`${path}.part`, path);
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
