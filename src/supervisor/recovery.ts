/**
 * What a supervisor finds of its predecessor. Their processes have ended by now, so what the journal shows as running was
 * lost, and is said to be, once (I2, I10).
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createRedactor } from '../secrets/redaction.ts';
import { Generation } from './generation.ts';
import { Recorder } from './recorder.ts';
import type { Settings } from './settings.ts';

/** The newest generation, or null in a new sandbox. */
export async function recoverGeneration(settings: Settings): Promise<Generation | null> {
  const newest = Math.max(0, ...(await generationsIn(settings)));
  if (newest === 0) return null;
  const generation = await Generation.open(settings.statePath, newest);
  const recorder = new Recorder(generation, createRedactor({ values: [] }));
  const turnId = generation.turns.running;
  if (turnId !== null) {
    const message = 'the supervisor ended while the turn was running';
    const losses = generation.turns.lossesOf(turnId);
    recorder.record({ kind: 'turn.lost', turnId, cause: 'supervisor-died', message, losses });
  }
  for (const execId of generation.execs.running()) {
    const message = 'the supervisor ended while the command was running';
    const outcome = { status: 'lost', message } as const;
    recorder.record({ kind: 'exec.ended', execId, outcome, durationMs: 0, ...noOutput });
  }
  return generation;
}

/** What it had written is in its events. */
const noOutput = { output: '', stdout: '', stderr: '' };

/** A snapshot brings journals and bundles that the worker has long read. */
export async function removeOtherGenerations(settings: Settings, kept: number): Promise<void> {
  for (const number of await generationsIn(settings)) {
    if (number !== kept) await rm(join(settings.statePath, `g${number}`), { recursive: true, force: true });
  }
}

async function generationsIn({ statePath }: Settings): Promise<number[]> {
  const names = await readdir(statePath).catch(() => []);
  return names.flatMap((name) => {
    const number = /^g(\d+)$/.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}
