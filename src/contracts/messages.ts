/** The payloads of the session's updates, signals and queries, one object each. */
import * as z from 'zod';
import { bounds } from './bounds.ts';
import { promptIdSchema } from './ids.ts';

export const promptSchema = z.strictObject({
  id: promptIdSchema,
  text: z
    .string()
    .max(bounds.promptCharacters, `a prompt has at most ${bounds.promptCharacters} characters`)
    .refine((text) => text.trim() !== '', 'a prompt is not empty'),
  /** Who asked, for people who watch; it changes nothing else. */
  author: z.string().min(1).max(200).optional(),
});
export type Prompt = z.infer<typeof promptSchema>;
/** `position` 0: it runs next or is running; n: n prompts go before it. */
export type PromptAccepted = { turnId: string; position: number };

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
  /** Delete the checkpoints too. Without it the last checkpoint stays until somebody deletes it. */
  discard: z.boolean().optional(),
});
export type TerminateRequest = z.infer<typeof terminateSchema>;

/** The answer of `pause`, `resume`, `checkpoint` and `terminate`: recorded. The outcome is an event and in the queries. */
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
