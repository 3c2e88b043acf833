/** How turns and execs end, and how the queries show them. */
import * as z from 'zod';

/** Tokens of one turn. */
export const usageSchema = z.object({
  inputTokens: z.number().int().nonnegative(),
  outputTokens: z.number().int().nonnegative(),
  cacheReadTokens: z.number().int().nonnegative(),
  cacheWriteTokens: z.number().int().nonnegative(),
});
export type Usage = z.infer<typeof usageSchema>;

/** Why a turn failed: one kind for each decision a caller makes. */
export const turnFailureSchema = z.object({
  kind: z.enum([
    'model', // the model's API refused or gave up: credential, quota, overload
    'agent', // the agent ended without a result, or could not run
    'limit', // a bound of the session or of the agent (turns, budget, time)
    'sandbox', // the sandbox was lost more often than a turn is restarted
    'start', // the session could not start, so the turn never ran
    'terminated', // the session was terminated before or while it ran
  ]),
  message: z.string(),
});
export type TurnFailure = z.infer<typeof turnFailureSchema>;

export const turnOutcomeSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('completed') }),
  z.object({ status: z.literal('interrupted') }),
  z.object({ status: z.literal('failed'), failure: turnFailureSchema }),
]);
export type TurnOutcome = z.infer<typeof turnOutcomeSchema>;

/** What a turn used: costs in US dollars, of this turn alone. */
export const turnTotalsSchema = z.object({
  costUsd: z.number().nonnegative(),
  usage: usageSchema,
  durationMs: z.number().nonnegative(),
});
export type TurnTotals = z.infer<typeof turnTotalsSchema>;

/** How a prompt ended: by the end of its turn, cancelled before it ran, or said to the agent within another turn. */
export const promptEndSchema = z.discriminatedUnion('status', [
  ...turnOutcomeSchema.options,
  z.object({ status: z.literal('cancelled') }),
  z.object({ status: z.literal('steered'), into: z.string() }),
]);
export type PromptEnd = z.infer<typeof promptEndSchema>;

export type TurnView =
  | { turnId: string; status: 'queued'; position: number }
  | { turnId: string; status: 'running' }
  /** Said within the running turn; whether the agent has it shows when that turn ends, in the event log at once. */
  | { turnId: string; status: 'steering'; into: string }
  | ({ turnId: string; answer: string; costUsd: number } & PromptEnd);

/** How an exec ended. `lost`: the supervisor or the sandbox went away; whether it finished is unknown, it is not run again. */
export const execOutcomeSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('exited'), exitCode: z.number().int() }),
  z.object({ status: z.literal('signalled'), signal: z.string() }),
  z.object({ status: z.literal('timed-out') }),
  z.object({ status: z.literal('failed'), message: z.string() }),
  z.object({ status: z.literal('lost'), message: z.string() }),
]);
export type ExecOutcome = z.infer<typeof execOutcomeSchema>;

export type ExecView =
  | { execId: string; status: 'running' }
  | ({ execId: string; output: string } & ExecOutcome);
