/** Starts a session's workflow, once for a session id however often it is asked. */
import { branchOf, repositoryNameOf, workflowIdOf } from '../contracts/index.ts';
import type { SessionInput } from '../contracts/index.ts';
import { sessionWorkflowType } from '../contracts/names.ts';
import { searchAttributes, searchAttributesOf } from '../contracts/search-attributes.ts';
import { SessionExists, SessionIdUsed, TemporalUnreachable } from './errors.ts';
import { fingerprintOf } from './session-request.ts';
import { startOnce } from './start-once.ts';
import type { StartOnce } from './start-once.ts';
import type { TemporalCalls } from './temporal-calls.ts';
import { codeOf, grpcCodes } from './temporal-errors.ts';

export type SessionStart = Pick<StartOnce, 'isUsed'> & { input: SessionInput; taskQueue: string };

/** As `startOnce`; throws `SessionExists` and `SessionIdUsed`. */
export async function startSession(calls: TemporalCalls, start: SessionStart): Promise<void> {
  const { input, taskQueue, isUsed } = start;
  const { sessionId } = input;
  try {
    await startOnce(calls, {
      subject: `session "${sessionId}"`,
      workflowType: sessionWorkflowType,
      options: {
        workflowId: workflowIdOf(sessionId),
        taskQueue,
        args: [input],
        staticSummary: summaryOf(input),
        staticDetails: staticDetailsOf(input),
        typedSearchAttributes: searchAttributesOf(input, 'starting'),
      },
      fingerprint: fingerprintOf(input),
      isUsed,
      exists: () => new SessionExists(sessionId),
      used: () => new SessionIdUsed(sessionId),
    });
  } catch (error) {
    throw codeOf(error) === grpcCodes.invalidArgument ? notPrepared(calls.address, error) : error;
  }
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
