/** The end of a workflow, however long it takes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowFailedError, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { NoAnswer } from './errors.ts';
import type { TemporalCalls } from './temporal-calls.ts';

const pauseMs = 200;

/** Throws `WorkflowFailedError`, `TemporalUnreachable`, and `HarvestClosed`. */
export async function workflowResult(
  calls: TemporalCalls,
  subject: string,
  handle: WorkflowHandle,
): Promise<unknown> {
  for (;;) {
    try {
      return await calls.answered(subject, async (): Promise<unknown> => handle.result());
    } catch (error) {
      // It has not ended yet.
      if (!(error instanceof NoAnswer)) throw error;
    }
    await sleep(pauseMs);
  }
}

/** For a sentence. */
export function causeOf({ cause }: WorkflowFailedError): string {
  if (cause instanceof ApplicationFailure) return cause.message;
  return cause === undefined ? 'it failed' : `it was ended: ${cause.message}`;
}
