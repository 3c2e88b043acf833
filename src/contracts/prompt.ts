/** A prompt: what a caller sends, how it is to meet what runs, and what its turn may use. */
import * as z from 'zod';
import { bounds } from './bounds.ts';
import { promptIdSchema } from './ids.ts';

/**
 * How a prompt meets a running turn. `queue`: its own turn, after those that wait. `steer`: said to the agent within the
 * running turn, at its next step; a command that has just begun may be given up for it. `interrupt`: its own turn, next, and the running one is interrupted. Where nothing runs all three queue.
 */
export const promptModeSchema = z.enum(['queue', 'steer', 'interrupt']);
export type PromptMode = z.infer<typeof promptModeSchema>;

/** What one turn may use; a prompt that steers another turn runs with that one's. */
export const turnOptionsSchema = z.strictObject({
  /** The model of this turn; the session's when absent. */
  model: z.string().min(1).max(200).optional(),
  /** Steps of the agent (answers of the model) after which the turn fails. */
  maxTurns: z.number().int().min(1).max(10_000).optional(),
  /** US dollars after which the turn fails; what is left of the session's budget counts, too. */
  budgetUsd: z.number().positive().max(1_000_000).optional(),
});
export type TurnOptions = z.infer<typeof turnOptionsSchema>;

export const promptSchema = z.strictObject({
  id: promptIdSchema,
  text: z
    .string()
    .max(bounds.promptCharacters, `a prompt has at most ${bounds.promptCharacters} characters`)
    .refine((text) => text.trim() !== '', 'a prompt is not empty'),
  /** Who asked, for people who watch; it changes nothing else. */
  author: z.string().min(1).max(200).optional(),
  mode: promptModeSchema.optional(),
  options: turnOptionsSchema.optional(),
});
export type Prompt = z.infer<typeof promptSchema>;

/** What was said within a running turn. */
export const steerSchema = promptSchema.pick({ text: true }).extend({ promptId: promptIdSchema });
export type Steer = z.infer<typeof steerSchema>;
