/** The name in the environment of every process of the agent user, by which `sweep.ts` finds what a run leaves behind. */
import { createHash } from 'node:crypto';
import type { Settings } from '../settings.ts';

export const runVariable = 'HARVEST_RUN';

/** Differs between supervisors that share one agent user, which only happens outside a sandbox. */
export function runPrefixOf(settings: Settings): string {
  return createHash('sha256').update(settings.statePath).digest('hex').slice(0, 16);
}

export function runNameOf(settings: Settings, name: string): string {
  return `${runPrefixOf(settings)}.${name}`;
}
