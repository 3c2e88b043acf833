/**
 * What worker and supervisor say to each other: HTTP on a unix socket inside the sandbox, JSON bodies.
 *
 * | request | body | answer |
 * |---|---|---|
 * | `GET /status` | – | `SupervisorStatus`; works before `/start` |
 * | `PUT /transcript?agentSessionId=` | JSON lines of entries | 204; before `/start` of a restore |
 * | `PUT /carry?repository=` | a git bundle | 204; before `/start` of a restore |
 * | `POST /start` | `StartRequest` | stream |
 * | `POST /turns` | `TurnRequest` | stream |
 * | `POST /exec` | `SupervisorExecRequest` | stream |
 * | `GET /journal?from=` | – | stream without following: what is there now |
 * | `GET /carry?turnId=&repository=` | – | the git bundle of a turn that ended |
 * | `POST /interrupt` | `SupervisorInterrupt` | `{ interrupted }`, false when that turn does not run here (any more) |
 * | `POST /steer` | `SupervisorSteer` | `{ steered }`, false when that turn is over here and the agent was not told |
 * | `POST /files` | `SupervisorFilesRequest` | `SupervisorFiles`: some files of a repository, read as the agent user |
 * | `POST /quiesce` | – | `{ journalBytes }`: agent and execs ended, everything flushed; for a snapshot |
 *
 * A **stream** is the journal from byte `from` as JSON lines, exactly its bytes, followed until the record that ends what
 * was asked for, then one more line that is not in the journal: `StreamEnd`. A stream without that line was cut. A
 * repeated request attaches to what runs, or replays what ended (I2); `StreamEnd` carries the result even when `from` is
 * already behind it. A journal offset is the byte position of a record's first byte in the generation's journal.
 *
 * A stream that has nothing to bring brings a `StreamAlive` every `streamAliveSeconds`, between two records and not in the
 * journal: from a supervisor that hangs nothing comes. Of streams that follow the same thing only the newest few go on.
 */
import * as z from 'zod';
import { carriedWorkSchema, repositoryHeadSchema } from './checkpoint.ts';
import { eventBodySchema } from './events.ts';
import { ownerIdSchema, promptIdSchema } from './ids.ts';
import { steerSchema, turnOptionsSchema } from './prompt.ts';
import { transcriptBatchSchema } from './transcript.ts';
import { execOutcomeSchema, turnOutcomeSchema, turnTotalsSchema } from './turn.ts';

export { supervisorPaths } from './sandbox-layout.ts';

const from = z.number().int().nonnegative();

const recentMessageSchema = z.object({ role: z.enum(['user', 'assistant']), text: z.string() });
export type RecentMessage = z.infer<typeof recentMessageSchema>;

export const startRequestSchema = z.object({
  from,
  sessionId: ownerIdSchema,
  generation: z.number().int().positive(),
  /** False: nothing but commands will be asked for, and none of the repositories is needed. */
  agent: z.boolean().default(true),
  repositories: z.array(z.object({ name: z.string(), url: z.string(), branch: z.string() })),
  /** The sandbox was made from a repo image: the repositories are there, on their branches as the build left them. */
  fromRepoImage: z.boolean().default(false),
  /** The session's own branch, `harvest/<sessionId>`. Null: the repositories stay on theirs. */
  branch: z.string().nullable(),
  user: z.object({ name: z.string(), email: z.string() }),
  model: z.object({ url: z.string(), name: z.string().optional() }),
  environment: z.record(z.string(), z.string()),
  /** Values that stay in the supervisor's memory (I8). */
  secrets: z.object({ github: z.string().optional(), claude: z.string().optional() }),
  /** What came before: absent for a session's first generation. Transcript and bundles were sent ahead to their own paths. */
  restore: z
    .object({
      from: z.enum(['snapshot', 'image']),
      carried: z.array(carriedWorkSchema),
      transcript: z.object({ agentSessionId: z.string() }).nullable(),
      /** The last messages, oldest first, for when no transcript can be had. */
      recentMessages: z.array(recentMessageSchema),
    })
    .optional(),
});
export type StartRequest = z.infer<typeof startRequestSchema>;

export const turnRequestSchema = z.object({
  from,
  turnId: promptIdSchema,
  text: z.string(),
  /** How often the turn was continued so far; the supervisor continues it when this equals the losses it recorded. */
  continuation: z.number().int().nonnegative(),
  /** Said to the agent before the text, when the turn is run again in a new generation. */
  notice: z.string().optional(),
  options: turnOptionsSchema.default({}),
  /** What was said within the turn so far: told after its text where the conversation does not hold it. */
  steers: z.array(steerSchema).default([]),
  /**
   * Set when the turn was suspended in an earlier generation: the restored conversation holds it, and the agent only goes on.
   * What it used there, which counts as the turn's.
   */
  carriedOver: turnTotalsSchema.optional(),
});
export type TurnRequest = z.infer<typeof turnRequestSchema>;

export const supervisorExecRequestSchema = z.object({
  from,
  execId: promptIdSchema,
  argv: z.array(z.string()).min(1),
  cwd: z.string().optional(),
  timeoutSeconds: z.number().int().positive(),
  /** Written before the command runs, below `cwd`, which is made when it is not there. */
  files: z.array(z.object({ path: z.string(), content: z.string() })).default([]),
});
export type SupervisorExecRequest = z.infer<typeof supervisorExecRequestSchema>;

/**
 * Why a turn is interrupted. `requested`: somebody asked. `limit`: a bound was reached, and the turn ends as failed with this
 * message. `suspend`: it goes on in the next generation under its id, and ends here with `turn.suspended`.
 */
const interruptReasonSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('requested') }),
  z.object({ kind: z.literal('limit'), message: z.string() }),
  z.object({ kind: z.literal('suspend') }),
]);
export type InterruptReason = z.infer<typeof interruptReasonSchema>;

export const supervisorInterruptSchema = z.object({
  turnId: promptIdSchema,
  reason: interruptReasonSchema.default({ kind: 'requested' }),
});

export const supervisorSteerSchema = z.object({ turnId: promptIdSchema, steer: steerSchema });
export type SupervisorSteer = z.infer<typeof supervisorSteerSchema>;

export const supervisorFilesRequestSchema = z.object({
  repository: z.string(),
  /** Below the repository's folder; of each at most so many bytes from its beginning. */
  files: z.array(z.object({ path: z.string(), mostBytes: z.number().int().positive() })).max(100),
});
export type SupervisorFilesRequest = z.infer<typeof supervisorFilesRequestSchema>;

export const supervisorFilesSchema = z.object({
  head: repositoryHeadSchema,
  /** By path; one that is no regular file there is missing. */
  files: z.record(z.string(), z.string()),
  /** git's blob ids by path, of those of the files that `head` has. */
  blobIds: z.record(z.string(), z.string()),
});
export type SupervisorFiles = z.infer<typeof supervisorFilesSchema>;

/** Answer of `GET /status`, which needs no `/start`. */
export const supervisorStatusSchema = z.object({
  supervisorVersion: z.string(),
  runtimeVersion: z.string(),
  /** False after a restart of the supervisor until `/start` was posted again: it has no secret then. */
  started: z.boolean(),
  generation: z.number().int().nullable(),
  journalBytes: z.number().int(),
  turnId: z.string().nullable(),
  /** Of the running turn: milliseconds since the agent said anything, and how many of its tools run. */
  agent: z.object({ quietMs: z.number(), runningTools: z.number().int() }).nullable().default(null),
});
export type SupervisorStatus = z.infer<typeof supervisorStatusSchema>;

/** Every answer that is no stream and no success: status 4xx or 5xx and this body. */
export const supervisorErrorSchema = z.object({
  error: z.enum([
    'bad-request',
    'not-started',
    'other-generation',
    'turn-running',
    'conflict',
    'unknown',
    'internal',
  ]),
  message: z.string(),
});
export type SupervisorError = z.infer<typeof supervisorErrorSchema>;

/** Why a start failed, one kind for each decision: `repository` and `credential` are the caller's to mend. */
const startFailureSchema = z.object({
  kind: z.enum(['repository', 'branch', 'credential', 'network', 'agent', 'internal']),
  message: z.string(),
});
export type StartFailure = z.infer<typeof startFailureSchema>;

const record = { at: z.iso.datetime() };
const turnRecord = { ...record, turnId: z.string() };

/** One line of the journal. Already redacted (I8, I11). */
export const journalRecordSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('event'), ...record, turnId: z.string().optional(), event: eventBodySchema }),
  z.object({ kind: z.literal('transcript'), ...record, batch: transcriptBatchSchema }),
  /** Ends `/start`. */
  z.object({
    kind: z.literal('start.finished'),
    ...record,
    heads: z.array(repositoryHeadSchema),
    runtimeVersion: z.string(),
  }),
  z.object({ kind: z.literal('start.failed'), ...record, failure: startFailureSchema }),
  /** I2: written before the act it announces. */
  z.object({ kind: z.literal('turn.accepted'), ...turnRecord, textHash: z.string() }),
  z.object({ kind: z.literal('turn.started'), ...turnRecord, continuation: z.number().int() }),
  /** Ends `/turns`: agent or supervisor went away in mid-turn; the workflow decides whether it is continued. */
  z.object({
    kind: z.literal('turn.lost'),
    ...turnRecord,
    cause: z.enum(['agent-died', 'supervisor-died']),
    message: z.string(),
    losses: z.number().int().positive(),
  }),
  /** A steering prompt: written before the agent is told. */
  z.object({ kind: z.literal('turn.steered'), ...turnRecord, promptId: promptIdSchema }),
  /** Ends `/turns`: the agent was stopped so that the turn goes on in the next generation. */
  z.object({
    kind: z.literal('turn.suspended'),
    ...turnRecord,
    totals: turnTotalsSchema,
    agentSessionId: z.string().nullable(),
    carried: z.array(carriedWorkSchema),
  }),
  /** Ends `/turns`. Written after the carried work was taken. */
  z.object({
    kind: z.literal('turn.ended'),
    ...turnRecord,
    outcome: turnOutcomeSchema,
    totals: turnTotalsSchema,
    answer: z.string(),
    agentSessionId: z.string().nullable(),
    carried: z.array(carriedWorkSchema),
  }),
  z.object({ kind: z.literal('exec.accepted'), ...record, execId: z.string() }),
  /** Ends `/exec`. `output` is the last 4 KiB. */
  z.object({
    kind: z.literal('exec.ended'),
    ...record,
    execId: z.string(),
    outcome: execOutcomeSchema,
    durationMs: z.number(),
    output: z.string(),
    /** The last 4 KiB of each. */
    stdout: z.string().default(''),
    stderr: z.string().default(''),
  }),
]);
export type JournalRecord = z.infer<typeof journalRecordSchema>;

/** The last line of every stream. `record` is null for `/journal`. */
export const streamEndSchema = z.object({
  kind: z.literal('stream.end'),
  /** Where the journal goes on. */
  next: z.number().int().nonnegative(),
  record: journalRecordSchema.nullable(),
});
export type StreamEnd = z.infer<typeof streamEndSchema>;

/** How often a stream without records shows that it is followed. */
export const streamAliveSeconds = 15;

export const streamAliveSchema = z.object({ kind: z.literal('stream.alive') });
export type StreamAlive = z.infer<typeof streamAliveSchema>;
