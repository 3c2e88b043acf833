/**
 * Plays the steps of one answer as the events of a Messages API stream. Whatever goes wrong by script is thrown (ApiError,
 * CutConnection); the server decides how that looks on the wire, by what has already been sent.
 */
import type Anthropic from '@anthropic-ai/sdk';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from './api-error.ts';
import type { Conversation } from './conversation.ts';
import type { Plan } from './plan.ts';
import type { FailureStatus, FromConversation, Step } from './steps.ts';

export type StreamEvent = Anthropic.RawMessageStreamEvent;
type Delta = Anthropic.RawContentBlockDeltaEvent['delta'];
type StartedBlock = Anthropic.RawContentBlockStartEvent['content_block'];

/** The script says that the connection ends here. */
export class CutConnection extends Error {
  override readonly name = 'CutConnection';
}

export type AnswerContext = {
  model: string;
  inputTokens: number;
  conversation: Conversation;
  /** Whether a counted failure is due; asking counts it. */
  isDue: (stepIndex: number, times: number) => boolean;
  /** Aborted when the CLI has gone away. */
  signal: AbortSignal;
};

export async function* playAnswer(plan: Plan, context: AnswerContext): AsyncGenerator<StreamEvent> {
  const message = new OpenMessage(context);
  for (const { step, index } of plan.steps) {
    yield* playStep(step, index, { message, context });
  }
  yield* message.end();
}

async function* playStep(
  step: Step,
  index: number,
  { message, context }: { message: OpenMessage; context: AnswerContext },
): AsyncGenerator<StreamEvent> {
  const { conversation, signal } = context;
  switch (step.kind) {
    case 'say':
      yield* message.text(words(resolve(step.text, conversation)), step.delayMs ?? 0);
      break;
    case 'stream':
      yield* message.text(numbers(step.count), step.delayMs ?? 0);
      break;
    case 'think':
      yield* message.thinking(step.text);
      break;
    case 'callTool':
      yield* message.toolUse(step.name, resolve(step.input, conversation));
      break;
    case 'wait':
      await sleep(step.delayMs, undefined, { signal });
      break;
    case 'fail':
      if (context.isDue(index, step.times)) throw scriptedFailure(step.status, step.retryAfterSeconds);
      break;
    case 'hang':
      if (step.times === undefined || context.isDue(index, step.times)) await untilGone(signal);
      break;
    case 'cut':
      if (!context.isDue(index, step.times)) break;
      // In mid-stream means that the answer has begun.
      yield* message.start();
      throw new CutConnection();
  }
}

/** The protocol state of one message: started once, blocks numbered, output counted. */
class OpenMessage {
  readonly #context: AnswerContext;
  #started = false;
  #blocks = 0;
  #outputLength = 0;
  #stopReason: Anthropic.StopReason = 'end_turn';

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  *start(): Generator<StreamEvent> {
    if (this.#started) return;
    this.#started = true;
    yield { type: 'message_start', message: emptyMessage(this.#context.model, this.#context.inputTokens) };
  }

  async *text(pieces: Iterable<string>, delayMs: number): AsyncGenerator<StreamEvent> {
    yield* this.#open({ type: 'text', text: '', citations: null });
    for (const text of pieces) {
      yield this.#delta({ type: 'text_delta', text }, text.length);
      if (delayMs > 0) await sleep(delayMs, undefined, { signal: this.#context.signal });
    }
    yield this.#close();
  }

  *thinking(text: string): Generator<StreamEvent> {
    yield* this.#open({ type: 'thinking', thinking: '', signature: '' });
    yield this.#delta({ type: 'thinking_delta', thinking: text }, text.length);
    yield this.#delta({ type: 'signature_delta', signature: 'scripted' }, 0);
    yield this.#close();
  }

  *toolUse(name: string, input: Record<string, unknown>): Generator<StreamEvent> {
    this.#stopReason = 'tool_use';
    // The id must be new in the whole conversation, also after a restart of this server.
    const id = `toolu_${randomUUID().replaceAll('-', '')}`;
    yield* this.#open({ type: 'tool_use', id, name, input: {}, caller: { type: 'direct' } });
    const json = JSON.stringify(input);
    yield this.#delta({ type: 'input_json_delta', partial_json: json }, json.length);
    yield this.#close();
  }

  async *end(): AsyncGenerator<StreamEvent> {
    // An answer without content is none for the CLI: a script may end with a tool call.
    if (this.#blocks === 0) yield* this.text(['Done.'], 0);
    yield {
      type: 'message_delta',
      delta: { container: null, stop_details: null, stop_reason: this.#stopReason, stop_sequence: null },
      usage: {
        input_tokens: this.#context.inputTokens,
        output_tokens: Math.ceil(this.#outputLength / 4),
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens_details: null,
        server_tool_use: null,
      },
    };
    yield { type: 'message_stop' };
  }

  *#open(block: StartedBlock): Generator<StreamEvent> {
    yield* this.start();
    yield { type: 'content_block_start', index: this.#blocks, content_block: block };
  }

  #delta(delta: Delta, length: number): StreamEvent {
    this.#outputLength += length;
    return { type: 'content_block_delta', index: this.#blocks, delta };
  }

  #close(): StreamEvent {
    this.#blocks += 1;
    return { type: 'content_block_stop', index: this.#blocks - 1 };
  }
}

function emptyMessage(model: string, inputTokens: number): Anthropic.Message {
  return {
    id: `msg_${randomUUID().replaceAll('-', '')}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    container: null,
    diagnostics: null,
    stop_details: null,
    stop_reason: null,
    stop_sequence: null,
    usage: {
      input_tokens: inputTokens,
      output_tokens: 1,
      cache_creation: null,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      inference_geo: null,
      output_tokens_details: null,
      server_tool_use: null,
      service_tier: 'standard',
      speed: null,
    },
  };
}

function resolve<T extends string | Record<string, unknown>>(
  value: FromConversation<T>,
  conversation: Conversation,
): T {
  return typeof value === 'function' ? value(conversation) : value;
}

/** Words with the blanks behind them: joined again they are the text. */
function words(text: string): string[] {
  return text.match(/\S+\s*|^\s+/g) ?? [text];
}

function* numbers(count: number): Generator<string> {
  for (let number = 1; number <= count; number += 1) yield `${number} `;
}

const failureTexts = {
  429: { type: 'rate_limit_error', message: 'This request would exceed your rate limit.' },
  500: { type: 'api_error', message: 'Internal server error' },
  529: { type: 'overloaded_error', message: 'Overloaded' },
} as const;

export function scriptedFailure(status: FailureStatus, retryAfterSeconds = 1): ApiError {
  return new ApiError({ status, ...failureTexts[status], retryAfterSeconds });
}

async function untilGone(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const gone = () => {
      reject(signal.reason instanceof Error ? signal.reason : new Error('the client has gone'));
    };
    if (signal.aborted) gone();
    else signal.addEventListener('abort', gone, { once: true });
  });
}
