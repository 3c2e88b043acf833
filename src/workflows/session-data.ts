/** The session's state: what one run keeps and the next one is given. Plain JSON with a schema (I9). */
import * as z from 'zod';
import { checkpointSchema, repositoryHeadSchema, snapshotSchema } from '../contracts/checkpoint.ts';
import { ownEventSchema } from '../contracts/events.ts';
import { jsonBytes } from '../contracts/json-bytes.ts';
import type { SessionRequest } from '../contracts/session-input.ts';
import { closeReasons } from '../contracts/session-state.ts';
import { execSchema } from '../contracts/messages.ts';
import { promptSchema, steerSchema, turnOptionsSchema } from '../contracts/prompt.ts';
import type { Prompt } from '../contracts/prompt.ts';
import { execOutcomeSchema, promptEndSchema, turnTotalsSchema } from '../contracts/turn.ts';

const pendingSteerSchema = steerSchema.extend({
  author: z.string().optional(),
  /** For a turn of its own, should it come too late. */
  options: turnOptionsSchema.optional(),
  /** The supervisor has it, or it goes with the activity that runs the turn. */
  told: z.boolean(),
});
export type PendingSteer = z.infer<typeof pendingSteerSchema>;

const queuedPromptSchema = promptSchema.extend({
  /** How often the turn was run again in a new generation, and continued in this one. */
  restarts: z.number().int(),
  continuations: z.number().int(),
  /** How often its sandbox was lost before the supervisor had taken it. */
  falseStarts: z.number().int().default(0),
  notice: z.string().optional(),
  /** When the turn was first run. */
  startedAt: z.string().optional(),
  /** The generation in which it was run last. */
  ranIn: z.number().int().optional(),
  /** It has run for as long as it may. */
  overTime: z.boolean().default(false),
  /** What it used in earlier generations, when it was suspended there and goes on. */
  carriedOver: turnTotalsSchema.optional(),
  /** What was said within the turn. */
  steers: z.array(pendingSteerSchema).default([]),
});
export type QueuedPrompt = z.infer<typeof queuedPromptSchema>;

const sandboxSchema = z.object({
  sandboxId: z.string(),
  imageId: z.string(),
  runtimeVersion: z.string(),
  /** When the provider ends it. */
  endsAt: z.string(),
  /** An exec found it gone; the main loop replaces it before anything else is tried in it. */
  lostCause: z.string().optional(),
});
export type LiveSandbox = z.infer<typeof sandboxSchema>;

const stopReasonSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('requested') }),
  z.object({ kind: z.literal('limit'), message: z.string() }),
]);
export type StopReason = z.infer<typeof stopReasonSchema>;

const endedTurnSchema = z.object({
  turnId: z.string(),
  outcome: promptEndSchema,
  answer: z.string(),
  costUsd: z.number(),
});

const lostTurnSchema = z.object({
  /** The prompt, and what was said within the turn. */
  asked: z.string(),
  how: z.enum(['was interrupted', 'failed']),
  generation: z.number().int(),
});
export type LostTurn = z.infer<typeof lostTurnSchema>;

const pendingExecSchema = execSchema.extend({
  /** How often its sandbox was lost before it had begun. */
  falseStarts: z.number().int().default(0),
});
export type PendingExec = z.infer<typeof pendingExecSchema>;

const endedExecSchema = z.object({ execId: z.string(), outcome: execOutcomeSchema, output: z.string() });

/** The one union that says what the session is doing. */
const phaseSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('starting') }),
  z.object({ status: z.literal('idle') }),
  z.object({ status: z.literal('running'), turnId: z.string() }),
  z.object({ status: z.literal('pausing') }),
  z.object({ status: z.literal('paused') }),
  z.object({ status: z.literal('resuming') }),
  z.object({ status: z.literal('terminating') }),
  z.object({ status: z.literal('closed'), reason: z.enum(closeReasons), message: z.string().optional() }),
]);
export type Phase = z.infer<typeof phaseSchema>;

export const sessionDataSchema = z.object({
  phase: phaseSchema,
  createdAt: z.string(),
  lastActivityAt: z.string(),
  /** Since when it is paused. */
  pausedAt: z.string().nullable(),
  generation: z.number().int(),
  sandbox: sandboxSchema.nullable(),
  /** Why there is none yet. */
  waiting: z.object({ since: z.string(), message: z.string() }).nullable(),
  /** The newest restorable point, and the newest snapshot with what it contains. */
  checkpoint: checkpointSchema.nullable(),
  snapshot: snapshotSchema.nullable(),
  heads: z.array(repositoryHeadSchema),
  queue: z.array(queuedPromptSchema),
  /** The turn that is to end, and why; it may be between two sandboxes. Reset when it ended. */
  stop: z.object({ turnId: z.string(), reason: stopReasonSchema }).nullable(),
  /** Prompt ids that were taken, newest last, with a hash of their text: the session's own deduplication (I9). */
  handled: z.array(z.object({ id: z.string(), hash: z.string() })),
  endedTurns: z.array(endedTurnSchema),
  /** Those that no checkpoint holds, until the agent has been told (lost-turns.ts). */
  lostTurns: z.array(lostTurnSchema).default([]),
  pendingExecs: z.array(pendingExecSchema),
  endedExecs: z.array(endedExecSchema),
  handledExecs: z.array(z.object({ id: z.string(), hash: z.string() })),
  turns: z.number().int(),
  /** The newest turn that ended in a sandbox or by the session. */
  lastTurnId: z.string().nullable(),
  /** Of the conversation as it stands, and everything that was ever spent, which the budget counts. */
  costUsd: z.number(),
  spentUsd: z.number(),
  budgetUsd: z.number().nullable(),
  /** It was told that the budget is used up. */
  budgetTold: z.boolean(),
  /** Counts the workflow's own events: their ids come from it (I5). */
  eventCount: z.number().int(),
  /** Counts checkpoints that were asked for: their ids come from it. */
  snapshotCount: z.number().int(),
  /** Events that wait for the next activity to travel with (I6). */
  pendingEvents: z.array(ownEventSchema),
  /** Requests that wait for the main loop. */
  asked: z.object({
    pause: z.enum(['no', 'requested', 'idle']),
    /** Something wants a sandbox: a prompt, an exec, `resume`, or the loss of the one there was. A pause takes it back. */
    resume: z.boolean(),
    checkpoint: z.boolean(),
    /** The checkpoint to go back to. */
    rewind: z.string().nullable(),
    /** The sandbox comes to the end of its life. `soon`: when no exec runs; `now`: whatever runs. */
    rollover: z.enum(['no', 'soon', 'now']),
    close: z.enum(['no', 'terminate', 'discard', 'expire']),
  }),
});
export type SessionData = z.infer<typeof sessionDataSchema>;

/** What asked for a sandbox before has had it; what asks from now on brings the session back. */
export function askForPause(data: SessionData, reason: 'requested' | 'idle'): void {
  data.asked.pause = reason;
  data.asked.resume = false;
}

/** Something needs the sandbox: a pause for idleness that has not begun is off. */
export function askForSandbox(data: SessionData): void {
  data.asked.resume = true;
  if (data.asked.pause === 'idle') data.asked.pause = 'no';
}

/** What is carried stays below this, which is half of what makes the server end the workflow (I9). */
const mostCarriedBytes = 1024 * 1024;

/**
 * For the next run, beside its other argument, the request: what the queries say of ended turns and execs is the first to
 * go, the oldest of it first.
 */
export function carriedOf(data: SessionData, request: SessionRequest): SessionData {
  const carried = { ...data, endedTurns: [...data.endedTurns], endedExecs: [...data.endedExecs] };
  while (jsonBytes([request, carried]) > mostCarriedBytes) {
    const { endedTurns, endedExecs } = carried;
    if (endedTurns.length + endedExecs.length === 0) break;
    (endedTurns.length > endedExecs.length ? endedTurns : endedExecs).shift();
  }
  return carried;
}

/** Of which nothing has run. */
export function newQueuedPrompt(prompt: Prompt): QueuedPrompt {
  return { ...prompt, restarts: 0, continuations: 0, falseStarts: 0, overTime: false, steers: [] };
}

export function newSessionData(now: string, budgetUsd: number | null = null): SessionData {
  return {
    phase: { status: 'starting' },
    createdAt: now,
    lastActivityAt: now,
    pausedAt: null,
    generation: 0,
    sandbox: null,
    waiting: null,
    checkpoint: null,
    snapshot: null,
    heads: [],
    queue: [],
    stop: null,
    handled: [],
    endedTurns: [],
    lostTurns: [],
    pendingExecs: [],
    endedExecs: [],
    handledExecs: [],
    turns: 0,
    lastTurnId: null,
    costUsd: 0,
    spentUsd: 0,
    budgetUsd,
    budgetTold: false,
    eventCount: 0,
    snapshotCount: 0,
    pendingEvents: [],
    asked: { pause: 'no', resume: false, checkpoint: false, rewind: null, rollover: 'no', close: 'no' },
  };
}
