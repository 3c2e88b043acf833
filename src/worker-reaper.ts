/** What the reaper asks Temporal about sessions. */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { SessionLife } from './activities/ownership.ts';
import { workflowIdOf } from './contracts/ids.ts';
import { searchAttributes } from './contracts/search-attributes.ts';
import type { SessionStatus } from './contracts/session-state.ts';
import { isOpen } from './contracts/workflow-status.ts';

/** States in which a session has no sandbox, and wants none. */
const withoutSandbox: readonly SessionStatus[] = ['paused', 'closed'];

/** As Temporal says: its memory of a closed workflow ends with the namespace's retention time. */
export async function lookUpSession(client: Client, sessionId: string): Promise<SessionLife> {
  try {
    const found = await client.workflow.getHandle(workflowIdOf(sessionId)).describe();
    if (!isOpen(found.status.name)) return { kind: 'closed' };
    const state = found.typedSearchAttributes.get(searchAttributes.state);
    return { kind: 'running', ownsSandbox: !withoutSandbox.some((status) => status === state) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: 'unknown' };
    throw error;
  }
}
