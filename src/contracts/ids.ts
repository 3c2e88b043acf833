/**
 * Names of sessions, turns and sandboxes, and what is derived from them. The caller may choose a session id and
 * chooses every prompt id; both are idempotency keys.
 */
import * as z from 'zod';

export const sessionIdSchema = z
  .string()
  .regex(/^[a-z0-9-]{1,40}$/, 'a session id is 1 to 40 characters of a-z, 0-9 and "-"');

/** The caller's idempotency key of a prompt; the turn that runs it has the same id. Also the shape of an exec id. */
export const promptIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,100}$/, 'an id is 1 to 100 characters of A-Z, a-z, 0-9, ".", "_" and "-"');

/** Of a checkpoint: `turn-<turnId>`, or one that the session made up. */
export const checkpointIdSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9._-]{1,120}$/,
    'a checkpoint id is 1 to 120 characters of A-Z, a-z, 0-9, ".", "_" and "-"',
  );

/** Who has sandboxes and a log: a session, or, told apart by a dot, which no session id has, an execution or a build. */
export const ownerIdSchema = z
  .string()
  .regex(/^(?:(?:execution\.)?[a-z0-9-]{1,40}|image\.[a-z0-9-]{1,40}\.[1-9]\d{0,8})$/);

export function executionOwner(executionId: string): string {
  return `execution.${executionId}`;
}

/** One build of a repository set; each has its own log. */
export function buildOwner({ setId, number }: { setId: string; number: number }): string {
  return `image.${setId}.${number}`;
}

/** Of a session or another owner. The builds of a set follow each other under one id. */
export function workflowIdOf(ownerId: string): string {
  const [kind = '', id] = ownerId.split('.');
  return id === undefined ? `session-${ownerId}` : `${kind}-${id}`;
}

export function buildWorkflowId(setId: string): string {
  return `image-${setId}`;
}

/** Deterministic, so that a repeated create finds the sandbox of the attempt before (I7). */
export function sandboxNameOf(sessionId: string, generation: number): string {
  return `${sessionId}-g${generation}`;
}

/** The session's own branch. The git proxy lets the agent push it and any other branch below `harvest/`, and nothing else. */
export function branchOf(sessionId: string): string {
  return `harvest/${sessionId}`;
}

/**
 * The event that ends a prompt, most often by the end of its turn, has one id whoever writes it, supervisor or workflow: the
 * first one counts (I3, I5).
 */
export function turnEndEventId(turnId: string): string {
  return `turn-end:${turnId}`;
}

/** The same for the end of an exec. */
export function execEndEventId(execId: string): string {
  return `exec-end:${execId}`;
}

/** The checkpoint that every turn ends with. */
export function turnCheckpointId(turnId: string): string {
  return `turn-${turnId}`;
}
