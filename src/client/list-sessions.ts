/** Lists sessions from Temporal's visibility records, which may lag behind by a moment and need no worker. */
import * as z from 'zod';
import { sessionIdSchema, sessionStatuses, workflowIdOf } from '../contracts/index.ts';
import type { SessionStatus } from '../contracts/index.ts';
import { sessionWorkflowType } from '../contracts/names.ts';
import { searchableUrl, searchAttributes } from '../contracts/search-attributes.ts';
import { isOpen } from '../contracts/workflow-status.ts';
import type { TemporalCalls } from './temporal-calls.ts';

export const listSessionsSchema = z.strictObject({
  /** The URL of one of the session's repositories, as the session was created with. */
  repository: z.string().min(1).max(2_000).optional(),
  state: z.enum(sessionStatuses).optional(),
  /** The e-mail address of the session's user. */
  user: z.string().min(1).max(254).optional(),
  /** Newest first; 100 by default. */
  limit: z.number().int().min(1).max(10_000).default(100),
});
export type ListSessionsFilter = z.input<typeof listSessionsSchema>;

export type ListedSession = {
  sessionId: string;
  state: SessionStatus;
  /** URLs; of one with more than 250 bytes the last 250. */
  repositories: string[];
  /** E-mail address. */
  user: string | null;
  startedAt: string;
  closedAt: string | null;
};

export async function listSessions(
  calls: TemporalCalls,
  filter: z.output<typeof listSessionsSchema>,
): Promise<ListedSession[]> {
  const query = visibilityQuery(filter);
  return calls.answered('the list of sessions', async () => {
    const found: ListedSession[] = [];
    for await (const execution of calls.client.workflow.list({
      query,
      pageSize: Math.min(filter.limit, 1_000),
    })) {
      const sessionId = execution.workflowId.slice(workflowIdOf('').length);
      if (!sessionIdSchema.safeParse(sessionId).success) continue;
      const attributes = execution.typedSearchAttributes;
      const state = z.enum(sessionStatuses).safeParse(attributes.get(searchAttributes.state));
      found.push({
        sessionId,
        // Without the attribute the workflow has not had its first task, or it ended by force.
        state: isOpen(execution.status.name) ? (state.data ?? 'starting') : 'closed',
        repositories: attributes.get(searchAttributes.repository) ?? [],
        user: attributes.get(searchAttributes.user) ?? null,
        startedAt: execution.startTime.toISOString(),
        closedAt: execution.closeTime?.toISOString() ?? null,
      });
      if (found.length === filter.limit) break;
    }
    return found;
  });
}

/** A run that continued as new is not a session of its own. */
function visibilityQuery({ repository, state, user }: z.output<typeof listSessionsSchema>): string {
  const terms = [`WorkflowType = ${quoted(sessionWorkflowType)}`, `ExecutionStatus != 'ContinuedAsNew'`];
  if (repository !== undefined) {
    terms.push(`${searchAttributes.repository.name} = ${quoted(searchableUrl(repository))}`);
  }
  if (user !== undefined) terms.push(`${searchAttributes.user.name} = ${quoted(user)}`);
  if (state === 'closed') terms.push(`ExecutionStatus != 'Running'`);
  else if (state !== undefined) {
    terms.push(`ExecutionStatus = 'Running'`, `${searchAttributes.state.name} = ${quoted(state)}`);
  }
  return terms.join(' AND ');
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
