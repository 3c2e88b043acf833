/** Every scenario whose history the replay gate keeps. */
import type { Scenarios } from '../support/scenario.ts';
import { builds } from './builds.ts';
import { clocks } from './clocks.ts';
import { ending } from './ending.ts';
import { execs } from './execs.ts';
import { executions } from './executions.ts';
import { losses } from './losses.ts';
import { pausing } from './pausing.ts';
import { points } from './points.ts';
import { reaper } from './reaper.ts';
import { runs } from './runs.ts';
import { starting } from './starting.ts';
import { steering } from './steering.ts';
import { turns } from './turns.ts';

export const scenarios: Scenarios = {
  ...starting,
  ...turns,
  ...steering,
  ...losses,
  ...execs,
  ...pausing,
  ...clocks,
  ...points,
  ...ending,
  ...runs,
  ...reaper,
  ...executions,
  ...builds,
};
