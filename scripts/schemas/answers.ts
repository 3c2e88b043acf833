/**
 * What the session answers, as zod schemas for the JSON Schemas only: inside TypeScript the types in `contracts/` do.
 * The compiler keeps the two alike.
 */
import { z } from 'zod';
import { execOutcomeSchema, promptEndSchema, repositoryHeadSchema } from '../../src/contracts/index.ts';
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
    steers: z
      .string()
      .exactOptional()
      .describe('the running turn that the prompt steers: it has no turn of its own then, unless it comes too late'),
  }),
);

export const accepted = of<Accepted>()(z.object({ accepted: z.literal(true) }));

export const interruptAccepted = of<InterruptAccepted>()(
  z.object({ turnId: z.string().nullable().describe('null: there was nothing to interrupt') }),
);

export const execAccepted = of<ExecAccepted>()(z.object({ execId: z.string() }));

const time = () => z.string().nullable();

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
    costUsd: z.number().describe('US dollars of the conversation as it stands: a rewind takes it back'),
    spentUsd: z.number().describe('everything that was ever spent, which the budget counts'),
    budgetUsd: z.number().nullable().describe('null: without a limit'),
    waiting: z
      .object({ since: z.string(), message: z.string() })
      .nullable()
      .describe('why the session waits for a sandbox; null while it does not'),
    clocks: z
      .object({
        pausesAt: time().describe('an idle session pauses'),
        turnEndsAt: time().describe('the running turn is stopped'),
        rollsOverAt: time().describe('the session moves to the next sandbox'),
        closesAt: time().describe('a paused session closes'),
      })
      .describe('when the clocks act; null where none runs'),
    repositories: z.array(z.object({ name: z.string(), url: z.string(), branch: z.string() })),
    git: z.array(repositoryHeadSchema),
    message: z.string().exactOptional().describe('why it closed'),
  }),
);

export const turnView = of<TurnView>()(
  z.union([
    z.object({ turnId: z.string(), status: z.literal('queued'), position: z.number().int() }),
    z.object({ turnId: z.string(), status: z.literal('running') }),
    z
      .object({ turnId: z.string(), status: z.literal('steering'), into: z.string() })
      .describe('a prompt on its way to the agent, into the running turn'),
    z
      .object({
        turnId: z.string(),
        answer: z.string().describe("the answer's last 4 KiB"),
        costUsd: z.number(),
      })
      .and(promptEndSchema),
  ]),
);

export const execView = of<ExecView>()(
  z.union([
    z.object({ execId: z.string(), status: z.literal('running') }),
    z.object({ execId: z.string(), output: z.string().describe("the output's last 4 KiB") }).and(execOutcomeSchema),
  ]),
);
