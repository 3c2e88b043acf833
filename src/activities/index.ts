/** The activities, bound to what they need. Every one first appends the workflow's own events that travel with it (I6). */
import { attempt } from './attempt.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { runExec } from './exec.ts';
import { appendOwnEvents, recordEvents } from './own-events.ts';
import { createSandbox } from './create-sandbox.ts';
import { closeSession, endSessionSandboxes } from './end-session.ts';
import { runCode } from './run-code.ts';
import { prepareCheckpoint } from './prepare-checkpoint.ts';
import { takeSnapshot } from './snapshot.ts';
import { startSupervisor } from './start.ts';
import { steerTurn } from './steer.ts';
import { interruptTurn } from './interrupt.ts';
import { runTurn } from './turn.ts';
import { whenAborted } from './when-aborted.ts';
import { reap } from './reap.ts';
import type { ReaperDeps } from './reap.ts';
import { beginBuild } from './builds/begin-build.ts';
import { checkHeads } from './builds/check-heads.ts';
import { failBuild, promoteBuild } from './builds/end-build.ts';
import { planBuild } from './builds/plan-build.ts';
import { runBuildStep } from './builds/run-build-step.ts';
import { saveBuild } from './builds/save-build.ts';
import type {
  BuildActivities,
  ExecutionActivities,
  ForSession,
  ReaperActivities,
  RefreshActivities,
  SessionActivities,
} from './types.ts';

export function createActivities(
  deps: ActivityDeps,
): SessionActivities & ExecutionActivities & Omit<BuildActivities, 'beginBuild'> {
  const redactFor = ({ session, sessionId }: ForSession): ((text: string) => string) => {
    deps.vault.prepare(session);
    return (text) => deps.vault.redactorFor(sessionId).text(text);
  };
  const activity =
    <I extends ForSession, O>(work: (deps: ActivityDeps, input: I, attempt: Attempt) => Promise<O>) =>
    async (input: I): Promise<O> =>
      attempt(redactFor(input), async (current) => {
        await appendOwnEvents(deps, input.sessionId, input.events);
        return work(deps, input, current);
      });
  return {
    createSandbox: activity(createSandbox),
    startSupervisor: activity(startSupervisor),
    runTurn: activity(runTurn),
    interruptTurn: activity(async (deps, input, { signal }) => interruptTurn(deps, input, signal)),
    runExec: activity(runExec),
    runCode: activity(runCode),
    planBuild: activity(planBuild),
    runBuildStep: activity(runBuildStep),
    saveBuild: activity(saveBuild),
    promoteBuild: activity(promoteBuild),
    failBuild: activity(failBuild),
    steerTurn: activity(steerTurn),
    prepareCheckpoint: activity(prepareCheckpoint),
    takeSnapshot: activity(takeSnapshot),
    endSandboxes: activity(endSessionSandboxes),
    closeSession: activity(closeSession),
    // A local activity has no heartbeat.
    recordEvents: async (input) => recordEvents(deps, input, redactFor(input)),
  };
}

export function createReaperActivities(deps: ReaperDeps): ReaperActivities {
  return {
    // A worker that stops does not wait for what is under way: all of it may be repeated.
    reap: async () =>
      attempt(deps.redact, async ({ signal }) => Promise.race([reap(deps, signal), whenAborted(signal)])),
  };
}

/** Before a build there is none to speak of: what is said is redacted like a log line. */
export function createRefreshActivities(
  deps: ActivityDeps,
  redact: (text: string) => string,
): RefreshActivities & Pick<BuildActivities, 'beginBuild'> {
  return {
    checkHeads: async () => attempt(redact, async (current) => checkHeads(deps, current)),
    beginBuild: async (input) => attempt(redact, async (current) => beginBuild(deps, input, current)),
  };
}
