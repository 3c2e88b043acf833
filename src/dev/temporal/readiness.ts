/** Waits for a Temporal server by calling it: an open port is not yet a server that serves. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { searchAttributes } from '../../contracts/search-attributes.ts';
import { firstLine } from './binary.ts';

const timeoutMs = 60_000;
const callTimeoutMs = 2_000;
const pollMs = 50;

/** Null when it is ready, else why it is not. Ends early, with any answer, when `signal` is aborted. */
export async function waitUntilReady(options: {
  address: string;
  namespace: string;
  signal: AbortSignal;
}): Promise<string | null> {
  const { address, namespace, signal } = options;
  const connection = Connection.lazy({ address });
  const deadlineMs = Date.now() + timeoutMs;
  let reason = 'no answer';
  try {
    while (Date.now() < deadlineMs && !signal.aborted) {
      try {
        const missing = await connection.withDeadline(Date.now() + callTimeoutMs, () =>
          missingIn(connection, namespace),
        );
        if (missing === null) return null;
        reason = missing;
      } catch (error) {
        reason = firstLine(error);
      }
      await sleep(pollMs);
    }
    return `not ready after ${timeoutMs / 1000} s: ${reason}`;
  } finally {
    await connection.close();
  }
}

async function missingIn(connection: Connection, namespace: string): Promise<string | null> {
  await connection.workflowService.describeNamespace({ namespace });
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.values(searchAttributes).filter(({ name }) => customAttributes[name] === undefined);
  return missing.length === 0
    ? null
    : `search attributes missing: ${missing.map(({ name }) => name).join(', ')}`;
}
