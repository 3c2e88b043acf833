/** Which fault strikes where: from what an undisturbed scenario reached, and a seed. Pure. */
import type { Fault } from './faults/fault.ts';
import type { ReachedPoint } from './points/points.ts';
import type { Random } from './random.ts';
import type { Aim } from './run/run-options.ts';

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
 * again. Points in the order of the steps.
 */
function spread(points: readonly ReachedPoint[], steps: readonly string[]): ReachedPoint[][] {
  const left = steps.map((step) => points.filter((point) => point.step === step));
  const runs: ReachedPoint[][] = [];
  for (let rest = points.length; rest > 0;) {
    const run = heaviest(left.map(({ length }) => length)).flatMap((step) => left[step]?.shift() ?? []);
    runs.push(run);
    rest -= run.length;
  }
  return runs;
}

/** Indices of which no two are neighbours, of the greatest weight together: what is most of goes first. */
function heaviest(weights: readonly number[]): number[] {
  let [before, newest]: { weight: number; taken: number[] }[] = [
    { weight: 0, taken: [] },
    { weight: 0, taken: [] },
  ];
  for (const [index, weight] of weights.entries()) {
    if (before === undefined || newest === undefined) break;
    const withIt = { weight: before.weight + weight, taken: [...before.taken, index] };
    [before, newest] = [newest, weight > 0 && withIt.weight > newest.weight ? withIt : newest];
  }
  return newest?.taken ?? [];
}
