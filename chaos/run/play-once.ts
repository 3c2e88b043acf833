/** One run: the scenario from its first step to its last, a fault at its point, and the oracle's word on it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { judge } from '../oracle/checks.ts';
import { collectEvidence } from './collect-evidence.ts';
import { leaksInFiles } from './leaks.ts';
import { openRun } from './open-run.ts';
import type { OpenRun } from './open-run.ts';
import type { RunOptions, RunRecord } from './run-options.ts';

const stepSeconds = 120;

export async function playOnce(options: RunOptions): Promise<RunRecord> {
  const { lane, aim, run: name } = options;
  const began = performance.now();
  const sinceMs = Date.now() - 1_000;
  await using run = await openRun(options);
  await aim?.fault.prepare?.({ lane, play: run.play, points: run.points });
  const stepMs = await playSteps(options, run, sinceMs);
  await run.blow.healed().catch((error: unknown) => run.errors.push(`no recovery: ${String(error)}`));
  const evidence = await collectEvidence(run, sinceMs);
  const violations = judge(evidence);
  return {
    run: name,
    aim,
    reached: run.points.reached,
    struck: run.blow.strikes.map(({ at }) => at),
    stepMs,
    durationMs: performance.now() - began,
    violations,
    details: violations.length === 0 ? [] : [...evidence.log.map(shortened), ...lane.workers.tail.slice(-60)],
  };
}

/** A step that fails ends the scenario: what the oracle finds then says more than the steps after it would. */
async function playSteps(
  { lane, steps }: RunOptions,
  run: OpenRun,
  sinceMs: number,
): Promise<Map<string, number>> {
  const stepMs = new Map<string, number>();
  for (const [index, step] of steps.entries()) {
    // Before the last step, while the sandbox still has its files.
    if (index === steps.length - 1) for (const leak of await leaksInFiles(lane, sinceMs)) run.leaks.add(leak);
    const began = performance.now();
    await run.enterStep(step.name);
    const failure = await withinTime(step.run(run.play));
    stepMs.set(step.name, performance.now() - began);
    if (failure === null) continue;
    run.errors.push(`step "${step.name}" failed: ${failure}`);
    break;
  }
  return stepMs;
}

/** Null, or why it failed. What is still under way then ends with the run's client. */
async function withinTime(work: Promise<void>): Promise<string | null> {
  const stop = new AbortController();
  const late = sleep(stepSeconds * 1_000, `not done within ${stepSeconds} s`, { signal: stop.signal });
  late.catch(() => undefined);
  const done = work.then(
    () => null,
    (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error)),
  );
  return Promise.race([done, late]).finally(() => stop.abort());
}

function shortened(event: unknown): string {
  return JSON.stringify(event).slice(0, 400);
}
