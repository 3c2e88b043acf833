/** The payloads of the session's updates, signals and queries, one object each. */
import * as z from 'zod';
import { bounds } from './bounds.ts';
import { checkpointIdSchema, promptIdSchema } from './ids.ts';
import { budgetUsdSchema } from './session-input.ts';

export { promptSchema } from './prompt.ts';
export type { Prompt } from './prompt.ts';

/** `position` 0: it runs next or is running; n: n prompts go before it. */
export type PromptAccepted = {
  turnId: string;
  position: number;
  /** The running turn that the prompt steers: then it has no turn of its own, unless it comes too late. */
  steers?: string;
};

/** Of a prompt that waits. */
export const cancelPromptSchema = z.strictObject({ id: promptIdSchema });
export type CancelPromptRequest = z.infer<typeof cancelPromptSchema>;

export const interruptSchema = z.strictObject({
  /** The turn that is meant; without it whichever runs. */
  turnId: promptIdSchema.optional(),
});
export type InterruptRequest = z.infer<typeof interruptSchema>;
/** `turnId` is null when there was nothing to interrupt. */
export type InterruptAccepted = { turnId: string | null };

export const pauseSchema = z.strictObject({
  /** Interrupt a running turn instead of waiting for its end. */
  interrupt: z.boolean().optional(),
});
export type PauseRequest = z.infer<typeof pauseSchema>;

export const terminateSchema = z.strictObject({
  /** Delete the checkpoints too. Without it the last checkpoint stays for the session's retention time. */
  discard: z.boolean().optional(),
});
export type TerminateRequest = z.infer<typeof terminateSchema>;

export const rewindSchema = z.strictObject({
  /** Of this session: `turn-<turnId>` after every turn, and those of `checkpoint.created`. */
  checkpointId: checkpointIdSchema,
});
export type RewindRequest = z.infer<typeof rewindSchema>;

export const setBudgetSchema = z.strictObject({
  /** US dollars of the whole session, what is spent included; null: without a limit. */
  budgetUsd: budgetUsdSchema.nullable(),
});
export type SetBudgetRequest = z.infer<typeof setBudgetSchema>;

/** The answer of every update that has no other: recorded. The outcome is an event and in the queries. */
export type Accepted = { accepted: true };

export const execSchema = z.strictObject({
  id: promptIdSchema,
  argv: z
    .array(z.string())
    .min(1, 'argv names at least the program')
    .refine(
      (argv) => argv.join('').length <= bounds.execArgumentCharacters,
      `argv has at most ${bounds.execArgumentCharacters} characters`,
    ),
  /** Absolute, or relative to the first repository's folder, which is the default. */
  cwd: z.string().min(1).max(4_096).optional(),
  timeoutSeconds: z
    .number()
    .int()
    .min(1)
    .max(24 * 60 * 60)
    .default(bounds.execSeconds),
});
export type ExecRequest = z.infer<typeof execSchema>;
export type ExecInput = z.input<typeof execSchema>;
export type ExecAccepted = { execId: string };
