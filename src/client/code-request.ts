/** From what a caller writes to the input of the `executeCode` workflow. */
import { randomBytes } from 'node:crypto';
import { executionRequestSchema } from '../contracts/execution.ts';
import type { Execution, ExecutionRequest } from '../contracts/execution.ts';
import { check } from './validate.ts';

export type CodeRequest = Omit<ExecutionRequest, 'executionId'> & {
  /** 1 to 40 of a-z, 0-9 and "-"; the idempotency key. Without one, one is made. */
  executionId?: string;
};

/** Throws `InvalidRequest`; nothing was sent then. */
export function toExecution(request: CodeRequest): Execution {
  const executionId = request.executionId ?? randomBytes(8).toString('hex');
  return check('Execution request', executionRequestSchema, { ...request, executionId });
}
