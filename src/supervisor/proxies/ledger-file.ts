/**
 * The push ledger on disk, for the supervisor that comes after this one. An old file, or none, only leads to refusals, so no
 * push fails because the file cannot be written.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import type { PushLedger } from '../../git/push-ledger.ts';

const commitSchema = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);

const ledgerSchema = z.array(
  z.tuple([z.string(), z.object({ value: commitSchema, foreign: commitSchema.nullable() })]),
);

/** Empty when there is none, or none that can be read. */
export function readLedger(path: string): PushLedger {
  try {
    return new Map(ledgerSchema.parse(JSON.parse(readFileSync(path, 'utf8'))));
  } catch {
    return new Map();
  }
}

/** At once, in the order of the pushes: it is a few lines for each of them. */
export function writeLedger(path: string, ledger: PushLedger): void {
  try {
    writeFileSync(`${path}.part`, JSON.stringify([...ledger]), { mode: 0o600 });
    renameSync(`${path}.part`, path);
  } catch {
    // What is in memory still counts.
  }
}
