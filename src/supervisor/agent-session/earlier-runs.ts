/**
 * What a turn used in runs that ended without a result: their agent was killed, so no figure of its own came. The tokens
 * stand in the transcript; the price is the one at which the model was billed otherwise. Pure.
 */
import * as z from 'zod';
import { noUsage, sumOf, type ModelCost } from '../../agent/results.ts';
import type { TranscriptEntry } from '../../contracts/transcript.ts';
import type { Usage } from '../../contracts/turn.ts';

const answerSchema = z.object({
  type: z.literal('assistant'),
  message: z.object({
    id: z.string(),
    model: z.string(),
    usage: z.object({
      input_tokens: z.number(),
      output_tokens: z.number(),
      cache_read_input_tokens: z.number().nullish(),
      cache_creation_input_tokens: z.number().nullish(),
    }),
  }),
});

export type UsageOfModels = ReadonlyMap<string, Usage>;

/** Of the entries from the first of those messages on. An answer is several entries, each with the whole answer's usage. */
export function usageSince(
  entries: readonly TranscriptEntry[],
  messageIds: ReadonlySet<string>,
): UsageOfModels {
  const first = entries.findIndex(({ uuid }) => uuid !== undefined && messageIds.has(uuid));
  const answers = new Map<string, { model: string; usage: Usage }>();
  for (const entry of first === -1 ? [] : entries.slice(first)) {
    const answer = answerSchema.safeParse(entry);
    if (!answer.success) continue;
    const { id, model, usage } = answer.data.message;
    answers.set(id, {
      model,
      usage: {
        inputTokens: usage.input_tokens,
        outputTokens: usage.output_tokens,
        cacheReadTokens: usage.cache_read_input_tokens ?? 0,
        cacheWriteTokens: usage.cache_creation_input_tokens ?? 0,
      },
    });
  }
  const byModel = new Map<string, Usage>();
  for (const { model, usage } of answers.values()) {
    byModel.set(model, sumOf([byModel.get(model) ?? noUsage, usage]));
  }
  return byModel;
}

/** A model that was never billed is taken at the price of the others; without any price nothing is known of the cost. */
export function priced(used: UsageOfModels, billed: ReadonlyMap<string, ModelCost>): ModelCost {
  const all = { usage: sumOf([...billed.values()].map(({ usage }) => usage)), costUsd: sumOfCosts(billed) };
  let costUsd = 0;
  for (const [model, usage] of used) {
    const { usage: units, costUsd: price } = billed.get(model) ?? all;
    if (weightOf(units) > 0) costUsd += (price * weightOf(usage)) / weightOf(units);
  }
  return { usage: sumOf(used.values()), costUsd };
}

function sumOfCosts(billed: ReadonlyMap<string, ModelCost>): number {
  let sum = 0;
  for (const { costUsd } of billed.values()) sum += costUsd;
  return sum;
}

/** In input tokens: the ratios of prices are the same for every model of the family. */
function weightOf({ inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens }: Usage): number {
  return inputTokens + 5 * outputTokens + 0.1 * cacheReadTokens + 1.25 * cacheWriteTokens;
}
