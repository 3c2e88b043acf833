/** The session's event log: what people and services see. Additive: readers must let unknown types pass. */
import * as z from 'zod';
import { carriedWorkSchema, repositoryHeadSchema } from './checkpoint.ts';
import { agentEventSchemas } from './agent-events.ts';
import { buildReasons } from './build.ts';
import { event } from './event.ts';
import { promptIdSchema } from './ids.ts';
import { promptModeSchema } from './prompt.ts';
import { buildStepSchema, repoImageStates } from './repo-image.ts';
import { closeReasons } from './session-state.ts';
import { execOutcomeSchema, turnFailureSchema, turnTotalsSchema } from './turn.ts';

const turnEnd = { ...turnTotalsSchema.shape, answer: z.string() };

export const eventBodySchema = z.discriminatedUnion('type', [
  event('session.created', {
    repositories: z.array(z.object({ name: z.string(), url: z.string(), branch: z.string() })),
    user: z.object({ name: z.string(), email: z.string() }),
    branch: z.string(),
  }),
  /** A live sandbox is there and takes turns: after the start, and after every restore. */
  event('session.ready', { sandboxId: z.string() }),
  event('session.pausing', { reason: z.enum(['requested', 'idle']) }),
  event('session.paused', { checkpointId: z.string().nullable() }),
  event('session.resuming', {
    reason: z.enum(['requested', 'prompt', 'exec', 'sandbox-lost', 'rollover', 'rewind']),
  }),
  /** It stays paused, with everything it has; what asked for it has failed. */
  event('session.restore-failed', { message: z.string() }),
  /** Files, conversation, git heads and cost are those of that checkpoint again; `session.ready` follows. */
  event('session.rewound', { checkpointId: z.string() }),
  /** It stays where it was. */
  event('session.rewind-failed', { checkpointId: z.string(), message: z.string() }),
  /** The session begins at another one's checkpoint. */
  event('session.forked', { fromSessionId: z.string(), checkpointId: z.string() }),
  /** Prompts wait until the budget is raised. */
  event('session.budget-reached', { budgetUsd: z.number(), spentUsd: z.number() }),
  /** Null: without a limit. */
  event('session.budget-changed', { budgetUsd: z.number().nullable() }),
  event('session.closed', {
    reason: z.enum(closeReasons),
    message: z.string().optional(),
  }),

  event('sandbox.creating', {
    name: z.string(),
    image: z.enum(['base', 'repo', 'snapshot']),
    imageId: z.string(),
  }),
  event('sandbox.waiting', { message: z.string() }),
  /** `createMs` and `supervisorMs` are the steps until the supervisor answered. */
  event('sandbox.ready', { sandboxId: z.string(), createMs: z.number(), supervisorMs: z.number() }),
  event('sandbox.lost', { sandboxId: z.string(), cause: z.string() }),
  event('sandbox.ended', { sandboxId: z.string() }),
  /** The provider will end it at `endsAt`: the session moves to the next generation before that. */
  event('sandbox.rollover', { sandboxId: z.string(), endsAt: z.iso.datetime() }),

  event('repository.ready', {
    ...repositoryHeadSchema.shape,
    from: z.enum(['clone', 'image', 'snapshot']),
    durationMs: z.number(),
  }),
  /** Carried work came back; `notRestored` says what did not, each a sentence. */
  event('repository.restored', {
    ...repositoryHeadSchema.shape,
    uncommittedFiles: z.number(),
    unpushedCommits: z.number(),
    notRestored: z.array(z.string()),
  }),
  event('conversation.restored', {
    from: z.enum(['transcript', 'event-log', 'nothing']),
    entries: z.number(),
  }),

  event('prompt.queued', {
    text: z.string(),
    author: z.string().optional(),
    mode: promptModeSchema.optional(),
    position: z.number(),
  }),
  /** Ends a prompt that never ran. */
  event('prompt.cancelled', {}),
  event('prompt.rejected', { message: z.string() }),

  /** Once per generation the turn runs in; its text is in `prompt.queued`. */
  event('turn.started', {}),
  /** A steering prompt was taken for the running turn, which `turnId` names. */
  event('turn.steering', { promptId: promptIdSchema, text: z.string(), author: z.string().optional() }),
  /** Ends a steering prompt: the agent has it, in the turn that `turnId` names. One that came too late is queued instead. */
  event('turn.steered', { promptId: promptIdSchema }),
  /** `rollover` does not count: it was planned. */
  event('turn.continued', {
    cause: z.enum(['agent-died', 'supervisor-died', 'silent', 'rollover']),
    count: z.number(),
  }),
  event('turn.restarted', {
    cause: z.string(),
    count: z.number(),
    checkpointId: z.string().nullable(),
    mayBeLost: z.string(),
  }),
  event('turn.interrupting', {}),
  event('turn.completed', turnEnd),
  event('turn.interrupted', turnEnd),
  event('turn.failed', { ...turnEnd, failure: turnFailureSchema }),

  ...agentEventSchemas,

  event('git.pushed', {
    repository: z.string(),
    ref: z.string(),
    before: z.string(),
    after: z.string(),
  }),
  event('git.push-refused', { repository: z.string(), ref: z.string(), reason: z.string() }),

  event('exec.started', { execId: z.string(), argv: z.array(z.string()), cwd: z.string() }),
  event('exec.output', { execId: z.string(), stream: z.enum(['stdout', 'stderr']), text: z.string() }),
  event('exec.finished', { execId: z.string(), outcome: execOutcomeSchema, durationMs: z.number() }),

  /** Of a build's own log, whose `sessionId` is `image.<setId>.<number>`; what a step prints is `exec.output`. */
  event('build.started', { setId: z.string(), number: z.number(), reason: z.enum(buildReasons) }),
  event('build.step-started', { name: z.string() }),
  event('build.step-finished', buildStepSchema.shape),
  event('build.finished', {
    state: z.enum(repoImageStates),
    imageId: z.string().nullable(),
    message: z.string().optional(),
  }),

  /**
   * A checkpoint that was asked for, or taken to pause: one with a snapshot. Every turn ends with a checkpoint too,
   * `turn-<turnId>`; the event that ends the turn comes after it and stands for it, so it has none of its own. Only a turn
   * that the session itself ended (its sandbox was lost for good, the session closed) leaves no checkpoint.
   */
  event('checkpoint.created', {
    checkpointId: z.string(),
    carried: z.array(carriedWorkSchema),
    snapshotImageId: z.string().nullable(),
  }),
  event('snapshot.failed', { message: z.string() }),
  event('snapshot.taken', { imageId: z.string(), durationMs: z.number() }),
  event('warning', { message: z.string() }),
]);
export type EventBody = z.infer<typeof eventBodySchema>;
export type EventType = EventBody['type'];

/** `seq` counts 1, 2, 3 … without gaps per session (I5); `at` is when it happened, not when it was stored. */
export const eventEnvelopeSchema = z.object({
  seq: z.number().int().positive(),
  sessionId: z.string(),
  generation: z.number().int().nonnegative(),
  at: z.iso.datetime(),
  turnId: z.string().optional(),
});
export type EventEnvelope = z.infer<typeof eventEnvelopeSchema>;
export type SessionEvent = EventEnvelope & EventBody;
export type SessionEventOf<T extends EventType> = EventEnvelope & Extract<EventBody, { type: T }>;

/** The three events one of which ends every turn, exactly once. */
export const turnEndTypes = ['turn.completed', 'turn.interrupted', 'turn.failed'] as const;
export type TurnEndEvent = SessionEventOf<(typeof turnEndTypes)[number]>;

export function isTurnEnd(candidate: SessionEvent): candidate is TurnEndEvent {
  return (turnEndTypes as readonly string[]).includes(candidate.type);
}

/** An event of the workflow itself, before the store gave it its `seq`: keyed by `eventId`, so a repeat adds nothing. */
export const ownEventSchema = z.object({
  eventId: z.string(),
  at: z.iso.datetime(),
  generation: z.number().int().nonnegative(),
  turnId: z.string().optional(),
  body: eventBodySchema,
});
export type OwnEvent = z.infer<typeof ownEventSchema>;
