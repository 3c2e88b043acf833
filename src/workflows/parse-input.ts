/** The one argument of a workflow. */
import { ApplicationFailure } from '@temporalio/workflow';
import type * as z from 'zod';
import { failureTypes } from '../contracts/failures.ts';
import { describeProblem } from './admission.ts';

/** With its defaults. Throws the failure that its caller reads. */
export function parseInput<S extends z.ZodType>(what: string, schema: S, input: unknown): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw ApplicationFailure.nonRetryable(describeProblem(what, parsed.error), failureTypes.invalidInput);
}
