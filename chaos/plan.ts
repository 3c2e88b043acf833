/** Which fault strikes where: from what an undisturbed scenario reached, and a seed. Pure. */
import type { Fault } from './faults/fault.ts';
import type { ReachedPoint } from './points/points.ts';
import type { Random } from './random.ts';
import type { Aim, RunRecord } from './run/run-options.ts';

export type PlanOptions = {
  /** Of undisturbed runs: only what all of them reached can be found again. */
  listings: readonly (readonly ReachedPoint[])[];
  faults: readonly Fault[];
  random: Random;
  /** Only there, in one run, whatever the fault's breadth. */
  points?: readonly string[] | undefined;
  /** Points of each fault. */
  most?: number | undefined;
};

export function stablePoints(listings: PlanOptions['listings']): ReachedPoint[] {
  const [first = [], ...others] = listings;
  const names = others.map((listing) => new Set(listing.map(({ name }) => name)));
  return first.filter(({ name }) => names.every((known) => known.has(name)));
}

export function planRuns({ listings, faults, random, points, most = Infinity }: PlanOptions): Aim[] {
  if (points !== undefined) return faults.map((fault) => ({ fault, points }));
  const stable = stablePoints(listings);
  const steps = [...new Set(stable.map(({ step }) => step))];
  const aims = faults.flatMap((fault) => {
    const chosen = random.some(pointsFor(fault, stable, random), most);
    const runs = fault.alone === true ? chosen.map((point) => [point]) : spread(chosen, steps);
    return runs.map((run): Aim => ({ fault, points: run.map(({ name }) => name) }));
  });
  // Mixed, so that a run that is cut short has tried something of everything.
  return random.some(aims, aims.length);
}

function pointsFor(fault: Fault, stable: readonly ReachedPoint[], random: Random): ReachedPoint[] {
  const possible = stable.filter((point) => fault.hasVictim(point));
  switch (fault.breadth) {
    case 'every-point':
      return possible;
    case 'every-step':
      return possible.filter(({ kind }) => kind === 'step');
    case 'every-continuation':
      return possible.filter(({ what }) => what === 'WorkflowExecutionContinuedAsNew');
    case 'every-state': {
      const states = Map.groupBy(possible, ({ state }) => state);
      return [...states.values()].flatMap((points) => random.some(points, 1));
    }
  }
}

/**
 * Over as few runs as can be, at most one in a step and none in the step after it: that one is played with everything there
 * again. Points in the order of the steps. Neighbours need a run for each of their points; where most do, every run is
 * given one of the two: those of every other step from the first run on, of the steps between from the last one back.
 */
function spread(points: readonly ReachedPoint[], steps: readonly string[]): ReachedPoint[][] {
  const left = steps.map((step) => points.filter((point) => point.step === step));
  const most = Math.max(0, ...left.map(({ length }, index) => length + (left[index + 1]?.length ?? 0)));
  return Array.from({ length: most }, (_, run) =>
    left.flatMap((ofStep, index) => ofStep[index % 2 === 0 ? run : most - 1 - run] ?? []),
  );
}

/** What is left to play of a plan, and what was played of it before. Runs that failed are played again. */
export function resume(
  planned: readonly (Aim | null)[],
  known: readonly RunRecord[],
): { played: RunRecord[]; missing: (Aim | null)[]; failedBefore: number } {
  const good = known.filter(({ violations }) => violations.length === 0);
  const failed = new Set(known.filter((record) => !good.includes(record)).map(({ aim }) => keyOf(aim)));
  const played: RunRecord[] = [];
  const missing = planned.filter((aim) => {
    const index = good.findIndex((record) => keyOf(record.aim) === keyOf(aim));
    if (index >= 0) played.push(...good.splice(index, 1));
    return index < 0;
  });
  const keys = new Set(planned.map(keyOf));
  return { played, missing, failedBefore: [...failed].filter((key) => keys.has(key)).length };
}

function keyOf(aim: Aim | null): string {
  return aim === null ? '' : [aim.fault.name, ...aim.points].join('\n');
}

/** Of runs with several: each in a run of its own. */
export function missedPoints(records: readonly RunRecord[]): Aim[] {
  return records.flatMap(({ aim, struck }) => {
    if (aim === null || aim.points.length < 2) return [];
    return unstruck({ aim, struck }).map((point): Aim => ({ ...aim, points: [point] }));
  });
}

/** Points of a run that were not reached, or where there was nothing to strike. */
export function unstruck({ aim, struck }: Pick<RunRecord, 'aim' | 'struck'>): string[] {
  const names = new Set<string>(struck.map(({ name }) => name));
  return aim?.points.filter((point) => !names.has(point)) ?? [];
}
