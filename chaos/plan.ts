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
  /** Only there, whatever the fault's breadth. */
  point?: string | undefined;
  /** For each fault. */
  most?: number | undefined;
};

export function stablePoints(listings: PlanOptions['listings']): ReachedPoint[] {
  const [first = [], ...others] = listings;
  const names = others.map((listing) => new Set(listing.map(({ name }) => name)));
  return first.filter(({ name }) => names.every((known) => known.has(name)));
}

export function planRuns({ listings, faults, random, point, most = Infinity }: PlanOptions): Aim[] {
  const stable = stablePoints(listings);
  const aims = faults.flatMap((fault) => {
    if (point !== undefined) return [{ fault, point }];
    return random.some(pointsFor(fault, stable, random), most).map(({ name }) => ({ fault, point: name }));
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
      return possible.filter(({ name }) => name.startsWith('step:'));
    case 'every-continuation':
      return possible.filter(({ name }) => name.startsWith('history:WorkflowExecutionContinuedAsNew'));
    case 'every-state': {
      const states = Map.groupBy(possible, ({ state }) => state);
      return [...states.values()].flatMap((points) => random.some(points, 1));
    }
  }
}
