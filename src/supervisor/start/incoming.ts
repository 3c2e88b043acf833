/** What the worker sends ahead of the start of a restore: kept as files of root's until that start has used it. */
import { createWriteStream } from 'node:fs';
import { access, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Settings } from '../settings.ts';

export const incomingFolder = (settings: Settings): string => join(settings.statePath, 'incoming');

export function incomingTranscript(settings: Settings, agentSessionId: string): string {
  return join(incomingFolder(settings), 'transcripts', `${agentSessionId}.jsonl`);
}

export function incomingBundle(settings: Settings, repository: string): string {
  return join(incomingFolder(settings), 'bundles', `${repository}.bundle`);
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
