/** Checks what a caller gives before anything is sent: one sentence that names the field. */
import * as z from 'zod';
import { promptIdSchema, sessionIdSchema } from '../contracts/index.ts';
import { repositorySetIdSchema } from '../contracts/repository-set.ts';
import { InvalidRequest } from './errors.ts';

/** Throws `InvalidRequest`, which never repeats the value: it may be a credential (I8). */
export function check<S extends z.ZodType>(what: string, schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue === undefined ? '' : z.core.toDotPath(issue.path);
  const where = field === '' ? what : `${what}, ${field}`;
  throw new InvalidRequest(`${where}: ${issue?.message ?? 'not valid'}.`, field);
}

export function checkSessionId(sessionId: string): string {
  return check('Session id', sessionIdSchema, sessionId);
}

export function checkTurnId(turnId: string): string {
  return check('Prompt id', promptIdSchema, turnId);
}

export function checkSetId(setId: string): string {
  return check('Set id', repositorySetIdSchema, setId);
}
