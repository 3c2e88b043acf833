/** Follows a session's Temporal history by long poll, over continue-as-new and outages of the server. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';

const pauseMs = 100;
const pollMs = 20_000;

type Page = Awaited<ReturnType<Client['workflowService']['getWorkflowExecutionHistory']>>;
type HistoryEvent = NonNullable<NonNullable<Page['history']>['events']>[number];

export type HistoryOptions = {
  client: Client;
  workflowId: string;
  signal: AbortSignal;
  /** `WorkflowExecutionStarted`, in the order of the history, each once. */
  onEvent: (type: string) => void;
};

/** Resolves when the chain of runs has ended, or `signal` is aborted. */
export async function watchHistory(options: HistoryOptions): Promise<void> {
  const { client, workflowId, signal, onEvent } = options;
  let runId = '';
  let seen = 0;
  let token: Uint8Array | null = null;
  while (!signal.aborted) {
    const page: Page | null = await onePage(client, { workflowId, runId, token, signal });
    token = page?.nextPageToken ?? null;
    if (page === null) await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    for (const event of page?.history?.events ?? []) {
      if (Number(event.eventId) <= seen) continue;
      seen = Number(event.eventId);
      const { type, nextRunId } = read(event);
      onEvent(type);
      if (nextRunId !== null) [runId, seen, token] = [nextRunId, 0, null];
      else if (closing.has(type)) return;
    }
  }
}

const closing = new Set([
  'WorkflowExecutionCompleted',
  'WorkflowExecutionFailed',
  'WorkflowExecutionCanceled',
  'WorkflowExecutionTerminated',
  'WorkflowExecutionTimedOut',
]);

/** Null when the server did not answer, or does not know the session yet. */
async function onePage(
  client: Client,
  at: { workflowId: string; runId: string; token: Uint8Array | null; signal: AbortSignal },
): Promise<Page | null> {
  const request = {
    namespace: client.options.namespace,
    execution: { workflowId: at.workflowId, runId: at.runId },
    waitNewEvent: true,
    ...(at.token === null || at.token.length === 0 ? {} : { nextPageToken: at.token }),
  };
  try {
    return await client.withAbortSignal(at.signal, async () =>
      client.withDeadline(Date.now() + pollMs, async () =>
        client.workflowService.getWorkflowExecutionHistory(request),
      ),
    );
  } catch {
    return null;
  }
}

/** An event has exactly one set of attributes, which is named after its type. */
function read(event: HistoryEvent): { type: string; nextRunId: string | null } {
  const suffix = 'EventAttributes';
  const field = Object.entries(event).find(([name, value]) => name.endsWith(suffix) && value !== null);
  const name = field?.[0].slice(0, -suffix.length) ?? 'unknown';
  const nextRunId = event.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? null;
  return { type: name.charAt(0).toUpperCase() + name.slice(1), nextRunId };
}
