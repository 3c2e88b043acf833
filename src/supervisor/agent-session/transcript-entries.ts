/** What the lines of a transcript say. Pure. */
import * as z from 'zod';
import type { AgentResult } from '../../agent/results.ts';
import { transcriptEntrySchema, type TranscriptEntry } from '../../contracts/transcript.ts';

/** A last line that the agent did not finish is left out, as the agent itself does. */
export function parseEntries(lines: string): TranscriptEntry[] {
  return lines.split('\n').flatMap((line) => {
    if (line === '') return [];
    try {
      return [transcriptEntrySchema.parse(JSON.parse(line))];
    } catch {
      return [];
    }
  });
}

const costStateSchema = z.object({
  totalCostUSD: z.number(),
  modelUsage: z.record(
    z.string(),
    z.object({
      inputTokens: z.number(),
      outputTokens: z.number(),
      cacheReadInputTokens: z.number(),
      cacheCreationInputTokens: z.number(),
    }),
  ),
});

/**
 * What the conversation has cost as its transcript says: a resumed agent counts on from there. An agent that was killed
 * leaves no such entry, and its successor counts from the entry before, or from nothing.
 */
export function costIn(
  entries: readonly TranscriptEntry[],
): Pick<AgentResult, 'cumulativeCostUsd' | 'cumulativeUsage'> | null {
  const state = costStateSchema.safeParse(entries.findLast((entry) => entry.type === 'cost-state'));
  if (!state.success) return null;
  const cumulativeUsage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
  for (const model of Object.values(state.data.modelUsage)) {
    cumulativeUsage.inputTokens += model.inputTokens;
    cumulativeUsage.outputTokens += model.outputTokens;
    cumulativeUsage.cacheReadTokens += model.cacheReadInputTokens;
    cumulativeUsage.cacheWriteTokens += model.cacheCreationInputTokens;
  }
  return { cumulativeCostUsd: state.data.totalCostUSD, cumulativeUsage };
}
