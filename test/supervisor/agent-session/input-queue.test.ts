import type { SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import { expect, test } from 'vitest';
import { InputQueue } from '../../../src/supervisor/agent-session/input-queue.ts';

const message = (text: string): SDKUserMessage => ({
  type: 'user',
  message: { role: 'user', content: text },
  parent_tool_use_id: null,
});

async function read(queue: InputQueue): Promise<unknown[]> {
  return (await Array.fromAsync(queue)).map((each) => each.message.content);
}

test('messages are read in order, those from before the reading and those from after it', async () => {
  const queue = new InputQueue();
  queue.push(message('a'));
  queue.push(message('b'));
  const reading = read(queue);
  for (const text of ['c', 'd', 'e']) {
    await new Promise(setImmediate);
    queue.push(message(text));
  }
  queue.push(message('f'));
  queue.end();
  expect(await reading).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
});

test('a message that comes while another is being handled is not missed', async () => {
  const queue = new InputQueue();
  queue.push(message('a'));
  const seen: unknown[] = [];
  for await (const each of queue) {
    seen.push(each.message.content);
    if (seen.length === 3) queue.end();
    else queue.push(message(`after ${seen.length}`));
  }
  expect(seen).toEqual(['a', 'after 1', 'after 2']);
});

test('what was pushed before the end is read after it', async () => {
  const queue = new InputQueue();
  queue.push(message('a'));
  queue.end();
  expect(await read(queue)).toEqual(['a']);
});

test('a reader that waits ends with the queue', async () => {
  const queue = new InputQueue();
  const reading = read(queue);
  await new Promise(setImmediate);
  queue.end();
  expect(await reading).toEqual([]);
});
