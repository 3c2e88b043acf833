/** Activities of builds that play what a test tells them, beside those of sessions. */
import type {
  BegunBuild,
  BuildActivities,
  BuildCommand,
  BuildStepReport,
  RefreshActivities,
  RefreshReport,
} from '../../../src/activities/types.ts';
import { buildOwner } from '../../../src/contracts/ids.ts';
import { sessionOptionsSchema } from '../../../src/contracts/session-input.ts';
import { scriptedActivities } from './scripted-activities.ts';
import type { ScriptedActivities } from './scripted-activities.ts';

export type BuildScript = Parameters<typeof scriptedActivities>[0] & {
  begin?: (setId: string) => BegunBuild;
  steps?: BuildCommand[];
  warnings?: string[];
  step?: (name: string) => BuildStepReport | Promise<BuildStepReport>;
  heads?: () => RefreshReport;
};

export type ScriptedBuilds = ScriptedActivities & BuildActivities & RefreshActivities;

export function command(name: string, onFailure: BuildCommand['onFailure'] = 'fail'): BuildCommand {
  return {
    name,
    title: `do ${name}`,
    repository: null,
    argv: ['true'],
    unfrozenArgv: null,
    cwd: '/workspace',
    environment: {},
    timeoutSeconds: 60,
    putBack: [],
    onFailure,
  };
}

export function begun(setId: string, number = 1): BegunBuild {
  const build = { setId, number };
  return {
    kind: 'begun',
    build,
    reason: 'first',
    session: {
      sessionId: buildOwner(build),
      repositories: [{ url: 'http://127.0.0.1:1/fruit.git', branch: 'main' }],
      user: { name: 'Harvest', email: 'harvest@localhost' },
      credentials: {},
      options: sessionOptionsSchema.parse({}),
    },
    setup: [],
  };
}

export const nothingToDo: RefreshReport = { builds: [], kept: [], deletedImages: [], problems: [] };

export function scriptedBuilds(script: BuildScript = {}): ScriptedBuilds {
  const activities = scriptedActivities(script);
  const { calls, events } = activities;
  const steps = script.steps ?? [command('install'), command('probe')];
  const note = (name: string, input: { events: typeof events }): void => {
    calls.push(name);
    events.push(...input.events);
  };
  return {
    ...activities,
    checkHeads: async () => script.heads?.() ?? nothingToDo,
    beginBuild: async ({ setId }) => {
      calls.push(`begin ${setId}`);
      return (script.begin ?? begun)(setId);
    },
    planBuild: async (input) => {
      note('plan', input);
      return { steps, warnings: script.warnings ?? [] };
    },
    runBuildStep: async (input) => {
      note(`step ${input.step.name} g${input.generation}`, input);
      return script.step === undefined ? { succeeded: true, durationMs: 5 } : script.step(input.step.name);
    },
    saveBuild: async (input) => {
      note('save', input);
      return { imageId: 'im-built' };
    },
    promoteBuild: async (input) => {
      note('promote', input);
      return { state: 'current', imageId: 'im-built' };
    },
    failBuild: async (input) => {
      note(`fail: ${input.failure}`, input);
      return { state: 'failed', imageId: null };
    },
  };
}
