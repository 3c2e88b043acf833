/** Every scenario whose history the replay gate keeps. */
import type { Scenarios } from '../support/scenario.ts';
import { ending } from './ending.ts';
import { execs } from './execs.ts';
import { losses } from './losses.ts';
import { pausing } from './pausing.ts';
import { runs } from './runs.ts';
import { starting } from './starting.ts';
import { turns } from './turns.ts';

export const scenarios: Scenarios = {
  ...starting,
  ...turns,
  ...losses,
  ...execs,
  ...pausing,
  ...ending,
  ...runs,
};
