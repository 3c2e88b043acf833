/** Starts a session's workflow, once for a session id however often it is asked. */
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/common';
import { branchOf, repositoryNameOf, workflowIdOf } from '../contracts/index.ts';
import type { SessionInput } from '../contracts/index.ts';
import { sessionWorkflowType } from '../contracts/names.ts';
import { searchAttributes, searchAttributesOf } from '../contracts/search-attributes.ts';
import { SessionExists, SessionIdUsed, TemporalUnreachable } from './errors.ts';
import { fingerprintMemo } from './fingerprint.ts';
import { fingerprintOf } from './session-request.ts';
import type { TemporalCalls } from './temporal-calls.ts';
import { codeOf, grpcCodes } from './temporal-errors.ts';

export type SessionStart = {
  input: SessionInput;
  taskQueue: string;
  /** Whether a session of this id has begun, as far as the store says: Temporal forgets sooner. */
  isUsed: () => Promise<boolean>;
};

/**
 * Resolves when Temporal recorded the start; no worker is needed. The same request again attaches. Throws
 * `SessionExists`, `SessionIdUsed`, `TemporalUnreachable`, or `NoAnswer`: repeat it under the same session id then.
 */
export async function startSession(calls: TemporalCalls, start: SessionStart): Promise<void> {
  const { input, taskQueue, isUsed } = start;
  if (await isUsed()) return attach(calls, input);
  const workflowId = workflowIdOf(input.sessionId);
  const subject = subjectOf(input);
  try {
    await calls.answered(subject, () =>
      calls.client.workflow.start(sessionWorkflowType, {
        workflowId,
        taskQueue,
        args: [input],
        // A closed session's id is taken too: its event log and checkpoints carry it.
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        // How long a workflow task of a worker that died holds the session up.
        workflowTaskTimeout: '5s',
        staticSummary: summaryOf(input),
        staticDetails: staticDetailsOf(input),
        memo: { [fingerprintMemo]: fingerprintOf(input) },
        typedSearchAttributes: searchAttributesOf(input, 'starting'),
      }),
    );
  } catch (error) {
    if (codeOf(error) === grpcCodes.invalidArgument) throw notPrepared(calls.address, error);
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    await attach(calls, input);
  }
}

/** To the session of that id, open or closed, if it was started from the same request. */
async function attach(calls: TemporalCalls, input: SessionInput): Promise<void> {
  const { sessionId } = input;
  const handle = calls.client.workflow.getHandle(workflowIdOf(sessionId));
  try {
    const { memo } = await calls.answered(subjectOf(input), () => handle.describe());
    if (memo?.[fingerprintMemo] !== fingerprintOf(input)) throw new SessionExists(sessionId);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw new SessionIdUsed(sessionId);
    throw error;
  }
}

function subjectOf({ sessionId }: SessionInput): string {
  return `session "${sessionId}"`;
}

/** One line for lists in the Temporal UI. */
function summaryOf({ repositories, user }: SessionInput): string {
  const names = repositories.map((repository) => `${repositoryNameOf(repository)}@${repository.branch}`);
  return `${names.join(', ')} for ${user.name}`.slice(0, 200);
}

/** What stays as it is, for the Temporal UI, in Markdown. The current details repeat what outlives the first run. */
function staticDetailsOf({ repositories, sessionId, user, options }: SessionInput): string {
  return [
    ...repositories.map(({ url, branch }) => `- \`${url}\` from \`${branch}\``),
    `- pushed to \`${branchOf(sessionId)}\``,
    `- ${user.name} (${user.email})`,
    `- pauses after ${options.idleSeconds} s idle`,
  ].join('\n');
}

function notPrepared(address: string, cause: unknown): TemporalUnreachable {
  const names = Object.values(searchAttributes).map(({ name }) => name);
  const detail = cause instanceof Error && cause.cause instanceof Error ? ` (${cause.cause.message})` : '';
  const sentence =
    `Temporal at ${address} did not take the session${detail}: ` +
    `are the search attributes ${names.join(', ')} registered in its namespace?`;
  return new TemporalUnreachable(sentence, { address, cause });
}
