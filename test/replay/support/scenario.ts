/** What a recorded history comes from: one short story, mostly of a session, on a real server, with scripted activities. */
import type { CodeReport, ReaperActivities, RunCodeInput } from '../../../src/activities/types.ts';
import type { executeCode } from '../../../src/workflows/execute-code.ts';
import type { session } from '../../../src/workflows/session.ts';
import type { BuildScript } from '../../workflows/support/scripted-builds.ts';
import { scriptedActivities } from '../../workflows/support/scripted-activities.ts';
import type { ScriptedActivities } from '../../workflows/support/scripted-activities.ts';
import type { Caller } from './caller.ts';

type Script = Parameters<typeof scriptedActivities>[0];

export type SessionScenario = {
  /** The path of the workflow that the history shows. */
  shows: string;
  /** Ends where the path ends: the session need not be closed. */
  story: (caller: Caller) => Promise<void>;
  activities?: Script;
  /** What the script cannot say. */
  replace?: Partial<ScriptedActivities>;
  request?: Partial<Parameters<typeof session>[0]>;
  /** After so many events a run is followed by the next one; by default none is. */
  historyEvents?: number;
};

/** One run of the reaper. */
export type ReaperScenario = { shows: string; reaper: ReaperActivities };

/** One execution. `cancelled`: resolves when somebody cancels it. */
export type ExecutionScenario = {
  shows: string;
  execution: Omit<Parameters<typeof executeCode>[0], 'executionId'>;
  code: (input: RunCodeInput) => Promise<CodeReport>;
  activities?: Script;
  cancelled?: Promise<void>;
};

/** One build of a set, or one refresh. `cancelled`: resolves when somebody cancels it. */
export type BuildScenario = {
  shows: string;
  build: BuildScript;
  workflow: 'buildRepoImage' | 'refreshRepoImages';
  cancelled?: Promise<void>;
};

export type Scenario = SessionScenario | ReaperScenario | ExecutionScenario | BuildScenario;

/** By the name of the history's file; made anew for each recording, because a story holds what it waits for. */
export type Scenarios = Readonly<Record<string, () => Scenario>>;

export function activitiesOf({ activities = {}, replace = {} }: SessionScenario): ScriptedActivities {
  return { ...scriptedActivities(activities), ...replace };
}
