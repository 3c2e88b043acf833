/**
 * What the session answers, as zod schemas for the JSON Schemas only: inside TypeScript the types in `contracts/` do.
 * The compiler keeps the two alike.
 */
import { z } from 'zod';
import { execOutcomeSchema, repositoryHeadSchema, turnOutcomeSchema } from '../../src/contracts/index.ts';
import type {
  Accepted,
  ExecAccepted,
  ExecView,
  InterruptAccepted,
  PromptAccepted,
  SessionState,
  TurnView,
} from '../../src/contracts/index.ts';

/** A schema of exactly the type `T`. */
const of =
  <T>() =>
  <S extends z.ZodType<T, T>>(schema: [T] extends [z.output<S>] ? S : never): S =>
    schema;

export const promptAccepted = of<PromptAccepted>()(
  z.object({
    turnId: z.string(),
    position: z.number().int().describe('0: it runs next or is running; n: n prompts go before it'),
  }),
);

export const accepted = of<Accepted>()(z.object({ accepted: z.literal(true) }));

export const interruptAccepted = of<InterruptAccepted>()(
  z.object({ turnId: z.string().nullable().describe('null: there was nothing to interrupt') }),
);

export const execAccepted = of<ExecAccepted>()(z.object({ execId: z.string() }));

export const sessionState = of<SessionState>()(
  z.object({
    sessionId: z.string(),
    status: z.enum(['starting', 'idle', 'running', 'pausing', 'paused', 'resuming', 'terminating', 'closed']),
    createdAt: z.string(),
    lastActivityAt: z.string(),
    generation: z.number().int(),
    sandboxId: z.string().nullable(),
    imageId: z.string().nullable(),
    checkpointId: z.string().nullable(),
    turnId: z.string().nullable().describe('the running turn'),
    queue: z.array(z.object({ turnId: z.string(), author: z.string().exactOptional() })),
    turns: z.number().int(),
    costUsd: z.number(),
    repositories: z.array(z.object({ name: z.string(), url: z.string(), branch: z.string() })),
    git: z.array(repositoryHeadSchema),
    message: z.string().exactOptional().describe('why it closed, or what it waits for'),
  }),
);

export const turnView = of<TurnView>()(
  z.union([
    z.object({ turnId: z.string(), status: z.literal('queued'), position: z.number().int() }),
    z.object({ turnId: z.string(), status: z.literal('running') }),
    z
      .object({
        turnId: z.string(),
        answer: z.string().describe("the answer's last 4 KiB"),
        costUsd: z.number(),
      })
      .and(turnOutcomeSchema),
  ]),
);

export const execView = of<ExecView>()(
  z.union([
    z.object({ execId: z.string(), status: z.literal('running') }),
    z.object({ execId: z.string(), output: z.string().describe("the output's last 4 KiB") }).and(execOutcomeSchema),
  ]),
);
