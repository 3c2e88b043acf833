/** Sees every record of the supervisors' journals in a Local Modal's containers soon after it was written. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';

const lookMs = 4;
const looksPerSearch = 10;
/** Below a container's directory: what it writes over its image. */
const stateFolder = 'up/var/lib/harvest';

const recordSchema = z.object({ kind: z.string(), event: z.object({ type: z.string() }).optional() });

type OpenJournal = { fd: number; offset: number; rest: string };

/** `what`: `turn.started`, or `event.` and the event's type. */
export type SeenRecord = { generation: number; what: string };

/** Resolves when `signal` is aborted. */
export async function watchJournals(options: {
  containersDirectory: string;
  signal: AbortSignal;
  onRecord: (record: SeenRecord) => void;
}): Promise<void> {
  const { containersDirectory, signal, onRecord } = options;
  const journals = new Map<string, OpenJournal>();
  for (let look = 0; !signal.aborted; look += 1) {
    if (look % looksPerSearch === 0) {
      for (const found of await journalsBelow(containersDirectory)) openOnce(journals, found);
    }
    for (const [name, journal] of journals) {
      const generation = Number(name.slice(1));
      for (const line of newLines(journal)) onRecord({ generation, what: nameOf(line) });
    }
    await sleep(lookMs);
  }
  for (const { fd } of journals.values()) closeSync(fd);
}

/** A generation's journal is where it was written first: a later sandbox may have a copy in its snapshot. */
async function journalsBelow(containersDirectory: string): Promise<{ generation: string; path: string }[]> {
  const containers = await readdir(containersDirectory).catch(() => []);
  const found = containers.map(async (container) => {
    const state = join(containersDirectory, container, stateFolder);
    const generations = await readdir(state).catch(() => []);
    return generations
      .filter((name) => /^g\d+$/.test(name))
      .map((generation) => ({ generation, path: join(state, generation, 'journal.jsonl') }));
  });
  return (await Promise.all(found)).flat();
}

function openOnce(
  journals: Map<string, OpenJournal>,
  { generation, path }: { generation: string; path: string },
): void {
  if (journals.has(generation)) return;
  try {
    journals.set(generation, { fd: openSync(path, 'r'), offset: 0, rest: '' });
  } catch {
    // Not written yet, or gone with its container.
  }
}

function newLines(journal: OpenJournal): string[] {
  const { size } = fstatSync(journal.fd);
  if (size <= journal.offset) return [];
  const bytes = Buffer.alloc(size - journal.offset);
  const read = readSync(journal.fd, bytes, 0, bytes.length, journal.offset);
  journal.offset += read;
  // The kinds and types are ASCII: a character that is cut in two does no harm.
  const lines = (journal.rest + bytes.toString('utf8', 0, read)).split('\n');
  journal.rest = lines.pop() ?? '';
  return lines;
}

function nameOf(line: string): string {
  try {
    const { kind, event } = recordSchema.parse(JSON.parse(line));
    return event === undefined ? kind : `event.${event.type}`;
  } catch {
    return 'unreadable';
  }
}
