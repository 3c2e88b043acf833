/**
 * Stands in for Claude Code where it would be too slow: speaks its protocol to the Agent SDK, and nothing else. A prompt says
 * what it does: `deltas COUNT` streams so many small pieces of text, `output BYTES` is a tool call with so long an output.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const agentSessionId = randomUUID();
const shared = { session_id: agentSessionId, parent_tool_use_id: null };

async function write(message: object): Promise<void> {
  const line = `${JSON.stringify({ uuid: randomUUID(), ...message })}\n`;
  if (!process.stdout.write(line)) await once(process.stdout, 'drain');
}

async function streamEvent(event: object): Promise<void> {
  await write({ type: 'stream_event', ...shared, event });
}

/** The message whose one block the pieces make up. */
async function deltas(count: number): Promise<void> {
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'scripted', content: [] };
  await streamEvent({ type: 'message_start', message });
  await streamEvent({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
  for (let number = 1; number <= count; number += 1) {
    const delta = { type: 'text_delta', text: `${number} ` };
    await streamEvent({ type: 'content_block_delta', index: 0, delta });
  }
  await streamEvent({ type: 'content_block_stop', index: 0 });
}

/** Told as a message, and handed over for the transcript. */
async function output(bytes: number): Promise<void> {
  const id = `toolu_${randomUUID()}`;
  const use = { type: 'tool_use', id, name: 'Bash', input: { command: 'yes' } };
  const model = { id: 'msg_2', role: 'assistant', model: 'scripted', content: [use] };
  await write({ type: 'assistant', ...shared, message: model });
  const content = [{ type: 'tool_result', tool_use_id: id, content: 'pear '.repeat(bytes / 5) }];
  const message = { role: 'user', content };
  await write({ type: 'user', ...shared, message });
  const filePath = `${process.env['CLAUDE_CONFIG_DIR']}/projects/any/${agentSessionId}.jsonl`;
  const entries = [{ type: 'user', uuid: randomUUID(), message }];
  await write({ type: 'transcript_mirror', filePath, entries });
}

async function work(prompt: string): Promise<void> {
  const [what, amount] = prompt.trim().split(' ');
  if (what === 'deltas') await deltas(Number(amount));
  if (what === 'output') await output(Number(amount));
}

async function turn(message: { content: string }, uuid: string): Promise<void> {
  await write({
    type: 'system',
    subtype: 'init',
    ...shared,
    model: 'scripted',
    claude_code_version: '0',
    tools: [],
  });
  await work(message.content);
  await write({
    type: 'result',
    subtype: 'success',
    ...shared,
    is_error: false,
    result: 'done',
    total_cost_usd: 0,
    duration_ms: 1,
    num_turns: 1,
    usage: { input_tokens: 1, output_tokens: 1 },
    modelUsage: {},
    user_message_uuid: uuid,
  });
}

type Input =
  | { type: 'control_request'; request_id: string }
  | { type: 'user'; uuid: string; message: { content: string } };

for await (const line of createInterface(process.stdin)) {
  const input = JSON.parse(line) as Input;
  if (input.type === 'user') await turn(input.message, input.uuid);
  if (input.type !== 'control_request') continue;
  const { request_id } = input;
  await write({ type: 'control_response', response: { subtype: 'success', request_id, response: {} } });
}
