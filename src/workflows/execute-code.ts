/** Runs code once, in a sandbox of its own that always ends. What happened to the code is the result; only a start that fails fails. */
import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  log,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import type { CodeReport, ForSession, RunCodeInput } from '../activities/types.ts';
import { executionRequestSchema } from '../contracts/execution.ts';
import type { Execution, ExecutionRequest, ExecutionResult } from '../contracts/execution.ts';
import { failureTypes } from '../contracts/failures.ts';
import { executionOwner, workflowIdOf } from '../contracts/ids.ts';
import { sessionOptionsSchema } from '../contracts/session-input.ts';
import type { SessionInput } from '../contracts/session-input.ts';
import type { ExecOutcome } from '../contracts/turn.ts';
import { closeSession, createSandbox, recordEvents, runCode, startSupervisor } from './activities.ts';
import { claimId } from './claim-id.ts';
import { asWorkflowFailure, describeFailure, failureTypeOf } from './failure.ts';
import { parseInput } from './parse-input.ts';

/** In another sandbox, of code that certainly had not begun. */
const mostSandboxes = 3;
/** Beyond the code's own time: the supervisor's start, and the end of what does not want to end. */
const spareSeconds = 5 * 60;

export async function executeCode(request: ExecutionRequest): Promise<ExecutionResult> {
  const execution = parseInput('execution', executionRequestSchema, request);
  const owner = ownerOf(execution);
  // By its id whoever looks at a sandbox finds the workflow that owns it.
  const expectedId = workflowIdOf(owner.sessionId);
  if (workflowInfo().workflowId !== expectedId)
    throw ApplicationFailure.nonRetryable(
      `the workflow of execution "${execution.executionId}" has the id "${expectedId}"`,
      failureTypes.invalidInput,
    );
  try {
    // What the store holds of an earlier execution of this id is not this one's to end.
    await claimId(async (claim) => recordEvents({ ...owner, ...claim }));
  } catch (error) {
    throw asFailure(error);
  }
  setCurrentDetails(`**running** ${execution.language} in a sandbox of its own`);
  try {
    const result = await runOnce(execution, owner);
    setCurrentDetails(describe(result));
    return result;
  } catch (error) {
    throw asFailure(error);
  } finally {
    await CancellationScope.nonCancellable(async () => close(owner));
  }
}

/** Its sandbox, and what is kept of it. A sandbox that cannot be ended now stays open in the ledger; the result stays what it is. */
async function close(owner: ForSession): Promise<void> {
  await closeSession({ ...owner, discard: false }).catch((error: unknown) =>
    log.warn(`the execution could not be closed: ${describeFailure(error)}`),
  );
}

function asFailure(error: unknown): unknown {
  return isCancellation(error) ? error : asWorkflowFailure(error, 'start-failed');
}

async function runOnce(execution: Execution, owner: ForSession): Promise<ExecutionResult> {
  for (let generation = 1; ; generation += 1) {
    const { sandboxId, report } = await tryIn(generation, execution, owner);
    if (report.kind === 'ended') return resultOf(report, sandboxId);
    if (generation >= mostSandboxes) return neverRun(report.cause);
  }
}

async function tryIn(
  generation: number,
  execution: Execution,
  owner: ForSession,
): Promise<{ sandboxId: string | null; report: CodeReport }> {
  let sandboxId: string | null = null;
  try {
    const lifetimeSeconds = execution.timeoutSeconds + spareSeconds;
    const created = await createSandbox({
      ...owner,
      generation,
      snapshot: null,
      lifetimeSeconds,
      patient: true,
    });
    sandboxId = created.sandboxId;
    const inSandbox = { ...owner, generation, sandboxId };
    await startSupervisor({ ...inSandbox, restore: null, agent: false });
    return { sandboxId, report: await runCode({ ...inSandbox, code: codeOf(execution) }) };
  } catch (error) {
    if (failureTypeOf(error) !== failureTypes.sandboxLost) throw error;
    return { sandboxId, report: { kind: 'not-run', cause: describeFailure(error) } };
  }
}

/** Its variables travel as its session's. */
function codeOf({ language, code, files, workdir, timeoutSeconds }: Execution): RunCodeInput['code'] {
  return { language, code, files, workdir, timeoutSeconds };
}

/** The activities know sessions: an execution is one without a repository, an agent and a history. */
function ownerOf({ executionId, environment }: Execution): ForSession {
  const sessionId = executionOwner(executionId);
  const session: SessionInput = {
    sessionId,
    repositories: [],
    // Nobody commits in it.
    user: { name: 'Harvest', email: 'harvest@localhost' },
    credentials: {},
    options: { ...sessionOptionsSchema.parse({}), environment },
  };
  return { sessionId, session, events: [] };
}

function resultOf(
  { outcome, durationMs, stdout, stderr }: Extract<CodeReport, { kind: 'ended' }>,
  sandboxId: string | null,
): ExecutionResult {
  const written = { stdout, stderr, durationSeconds: durationMs / 1_000, sandboxId };
  return { ...endOf(outcome), ...written };
}

function endOf(outcome: ExecOutcome): Pick<ExecutionResult, 'status' | 'exitCode' | 'message'> {
  switch (outcome.status) {
    case 'exited':
      return { status: outcome.exitCode === 0 ? 'success' : 'error', exitCode: outcome.exitCode };
    case 'timed-out':
      return { status: 'timeout', exitCode: null };
    case 'signalled':
      return { status: 'crashed', exitCode: null, message: `it was killed by ${outcome.signal}` };
    case 'failed':
    case 'lost':
      return { status: 'crashed', exitCode: null, message: outcome.message };
  }
}

function neverRun(cause: string): ExecutionResult {
  const message = `the sandbox was lost ${mostSandboxes} times before the code began: ${cause}`;
  const nothing = { exitCode: null, stdout: '', stderr: '', durationSeconds: 0, sandboxId: null };
  return { ...nothing, status: 'crashed', message };
}

function describe({ status, exitCode, durationSeconds, message }: ExecutionResult): string {
  const code = exitCode === null ? '' : ` with exit code ${exitCode}`;
  const why = message === undefined ? '' : `: ${message}`;
  return `**${status}**${code} after ${durationSeconds.toFixed(1)} s${why}`;
}
