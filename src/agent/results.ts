/** How the agent's result message becomes the outcome of a turn. */
import type { SDKResultMessage } from '@anthropic-ai/claude-agent-sdk';
import type { TurnFailure, TurnOutcome, TurnTotals, Usage } from '../contracts/turn.ts';

export type AgentResult = {
  outcome: TurnOutcome;
  /** The agent's last text; empty when it failed. */
  answer: string;
  /** Of the agent process so far, not of the turn: take `totalsBetween` two results. */
  cumulativeCostUsd: number;
  cumulativeUsage: Usage;
  /** The same for each model that was asked. */
  cumulativeModels: ReadonlyMap<string, ModelCost>;
  /** It was broken off: by an interrupt, or by a message that cut in. */
  isAborted: boolean;
  /** The limit that stopped it. */
  limit: 'maxTurns' | 'budgetUsd' | null;
  /** Answers of the model, at most one too many. */
  steps: number;
  /** Tokens of this turn, main conversation only (subagents are in `cumulativeUsage` alone). */
  usage: Usage;
  durationMs: number;
};

export type ModelCost = { usage: Usage; costUsd: number };

export const noUsage: Usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };

/**
 * `is_error` decides, whatever the subtype says: a refused credential ends as `success`. Whether the turn was interrupted
 * by us the result cannot know: an interrupt that we sent is an interruption, whatever stands here.
 */
export function agentResultOf(message: SDKResultMessage): AgentResult {
  const failure = failureOf(message);
  return {
    outcome: failure === null ? { status: 'completed' } : { status: 'failed', failure },
    answer: failure === null && message.subtype === 'success' ? message.result : '',
    cumulativeCostUsd: message.total_cost_usd,
    cumulativeUsage: sumOf(Object.values(message.modelUsage).map(usageOfModel)),
    cumulativeModels: new Map(
      Object.entries(message.modelUsage).map(([model, used]) => [
        model,
        { usage: usageOfModel(used), costUsd: used.costUSD },
      ]),
    ),
    isAborted: message.terminal_reason?.startsWith('aborted') ?? false,
    limit: limits[message.subtype] ?? null,
    steps: message.num_turns,
    usage: {
      inputTokens: message.usage.input_tokens,
      outputTokens: message.usage.output_tokens,
      cacheReadTokens: message.usage.cache_read_input_tokens,
      cacheWriteTokens: message.usage.cache_creation_input_tokens,
    },
    durationMs: message.duration_ms,
  };
}

export function sumOf(usages: Iterable<Usage>): Usage {
  const sum = { ...noUsage };
  for (const usage of usages) {
    sum.inputTokens += usage.inputTokens;
    sum.outputTokens += usage.outputTokens;
    sum.cacheReadTokens += usage.cacheReadTokens;
    sum.cacheWriteTokens += usage.cacheWriteTokens;
  }
  return sum;
}

export function addTotals(totals: TurnTotals, more: TurnTotals | undefined): TurnTotals {
  if (more === undefined) return totals;
  return {
    costUsd: totals.costUsd + more.costUsd,
    usage: sumOf([totals.usage, more.usage]),
    durationMs: totals.durationMs + more.durationMs,
  };
}

/** What was used between two results of one agent process; `earlier` is null for the first turn of a new conversation. */
export function totalsBetween(
  earlier: Pick<AgentResult, 'cumulativeCostUsd' | 'cumulativeUsage'> | null,
  later: AgentResult,
): Pick<TurnTotals, 'costUsd' | 'usage'> {
  const before = earlier ?? { cumulativeCostUsd: 0, cumulativeUsage: noUsage };
  const since = (key: keyof Usage): number =>
    Math.max(0, later.cumulativeUsage[key] - before.cumulativeUsage[key]);
  return {
    costUsd: Math.max(0, later.cumulativeCostUsd - before.cumulativeCostUsd),
    usage: {
      inputTokens: since('inputTokens'),
      outputTokens: since('outputTokens'),
      cacheReadTokens: since('cacheReadTokens'),
      cacheWriteTokens: since('cacheWriteTokens'),
    },
  };
}

const limits: Partial<Record<SDKResultMessage['subtype'], NonNullable<AgentResult['limit']>>> = {
  error_max_turns: 'maxTurns',
  error_max_budget_usd: 'budgetUsd',
};

function usageOfModel(used: SDKResultMessage['modelUsage'][string]): Usage {
  return {
    inputTokens: used.inputTokens,
    outputTokens: used.outputTokens,
    cacheReadTokens: used.cacheReadInputTokens,
    cacheWriteTokens: used.cacheCreationInputTokens,
  };
}

function failureOf(message: SDKResultMessage): TurnFailure | null {
  if (message.subtype === 'success') {
    return message.is_error ? apiFailure(message.api_error_status ?? null, message.result) : null;
  }
  const detail = firstLine(message.errors[0] ?? '');
  switch (message.subtype) {
    case 'error_max_turns':
      return { kind: 'limit', message: 'the agent reached the limit of steps in one turn' };
    case 'error_max_budget_usd':
      return { kind: 'limit', message: 'the agent reached the budget of the session' };
    case 'error_max_structured_output_retries':
      return { kind: 'agent', message: 'the agent gave no answer in the format that was asked for' };
    case 'error_during_execution':
    default:
      return {
        kind: 'agent',
        message:
          detail === '' ? 'the agent stopped with an error' : `the agent stopped with an error: ${detail}`,
      };
  }
}

/** The model's API refused or gave up. `status` is null when there was no HTTP answer. */
function apiFailure(status: number | null, text: string): TurnFailure {
  const detail = firstLine(text);
  const reason = reasonOf(status ?? statusIn(text), text);
  if (reason !== null) return { kind: 'model', message: detail === '' ? reason : `${reason}: ${detail}` };
  return { kind: 'agent', message: detail === '' ? 'the agent stopped with an error' : detail };
}

function reasonOf(status: number | null, text: string): string | null {
  if (status === null) return text.startsWith('API Error') ? "the model's API gave no usable answer" : null;
  if (status === 401 || status === 403) return `the model's API refused the credential (${status})`;
  if (status === 429) return `the model's API refused for its rate limit or quota (429)`;
  if (status === 529) return `the model's API was overloaded (529)`;
  if (status >= 500) return `the model's API failed (${status})`;
  return `the model's API refused the request (${status})`;
}

function statusIn(text: string): number | null {
  const status = /API Error: (\d{3})\b/.exec(text)?.[1];
  return status === undefined ? null : Number(status);
}

function firstLine(text: string): string {
  const line = text.split('\n', 1)[0]?.trim() ?? '';
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
