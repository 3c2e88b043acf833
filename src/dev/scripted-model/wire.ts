/** An answer of the model on its way to the client. */
import type { ServerResponse } from 'node:http';
import { once } from 'node:events';
import type Anthropic from '@anthropic-ai/sdk';
import { ApiError } from './api-error.ts';
import { CutConnection, type StreamEvent } from './answer.ts';

/**
 * Sends an answer as server-sent events. Before the first event a failure is an HTTP status (thrown on to the caller), behind it an
 * `error` event, as at the real API. Waits for the reader: 10,000 deltas do not pile up here.
 */
export async function sendStream(
  events: AsyncGenerator<StreamEvent>,
  { response, requestId, signal }: { response: ServerResponse; requestId: string; signal: AbortSignal },
): Promise<void> {
  try {
    for await (const event of events) {
      if (!response.headersSent) {
        response.writeHead(200, {
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-cache',
          'request-id': requestId,
        });
      }
      if (!response.write(frame(event.type, event))) await once(response, 'drain', { signal });
    }
    response.end();
  } catch (error) {
    if (error instanceof CutConnection) response.destroy();
    else if (error instanceof ApiError && response.headersSent)
      response.end(frame('error', error.body(requestId)));
    else throw error;
  }
}

/** The same answer as one message, for requests that do not stream. Throws CutConnection and ApiError on to the caller. */
export async function collectMessage(events: AsyncGenerator<StreamEvent>): Promise<Anthropic.Message> {
  let message: Anthropic.Message | undefined;
  let json = '';
  for await (const event of events) {
    if (event.type === 'message_start') message = event.message;
    if (message === undefined) continue;
    const block = message.content.at(-1);
    if (event.type === 'content_block_start') {
      json = '';
      message.content.push(event.content_block);
    } else if (event.type === 'content_block_delta') {
      const { delta } = event;
      if (delta.type === 'text_delta' && block?.type === 'text') block.text += delta.text;
      if (delta.type === 'thinking_delta' && block?.type === 'thinking') block.thinking += delta.thinking;
      if (delta.type === 'signature_delta' && block?.type === 'thinking') block.signature += delta.signature;
      if (delta.type === 'input_json_delta') json += delta.partial_json;
    } else if (event.type === 'content_block_stop') {
      if (block?.type === 'tool_use') block.input = JSON.parse(json) as unknown;
    } else if (event.type === 'message_delta') {
      message.stop_reason = event.delta.stop_reason;
      message.usage.output_tokens = event.usage.output_tokens;
    }
  }
  if (message === undefined) throw new Error('an answer without a message');
  return message;
}

function frame(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
