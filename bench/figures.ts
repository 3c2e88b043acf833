/** What is measured, before it is shown. */

type Unit = 'ms' | 'MiB' | 'KiB' | 'events';

export type Figure = {
  what: string;
  unit: Unit;
  samples: readonly number[];
  /** A part of the figure above it. */
  part?: true;
  aim?: Aim;
};

/** The figure's percentile, or its worst sample, has to be at most that number. */
export type Aim = { percentile: 'p50' | 'p95' | 'p99' | 'worst'; most: number };

export type Section = {
  title: string;
  /** What was measured, from where to where. */
  text: string;
  figures: readonly Figure[];
};
