import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { say } from '../../../src/dev/scripted-model/steps.ts';
import { Agent, createAgentHome, type AgentHome } from './claude-code.ts';
import { oauth, startModel } from './model.ts';

let home: AgentHome;
let model: Awaited<ReturnType<typeof startModel>>;
let agent: Agent;

beforeAll(async () => {
  home = await createAgentHome();
  model = await startModel({
    scripts: [
      {
        name: 'greeting',
        turns: [
          { prompt: /^good morning/i, steps: [say('Good morning to you.')] },
          { prompt: (text) => text.length === 3, steps: [say('Short.')] },
        ],
      },
    ],
  });
  agent = new Agent({ home, modelUrl: model.url, env: oauth });
});

afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  await model.close();
  await home[Symbol.asyncDispose]();
});

test('a text is streamed in several deltas', async () => {
  const turn = await agent.prompt('!say one two three\\nfour');
  expect(turn.result).toMatchObject({ subtype: 'success', is_error: false, result: 'one two three\nfour' });
  expect(turn.textDeltas).toEqual(['one ', 'two ', 'three\n', 'four']);
});

test('the CLI really runs a tool call, and the next step has its result', async () => {
  const turn = await agent.prompt(
    'Please:\n!say I run it.\n!bash echo out-$((6 * 7)) | tee made.txt\n!say-result',
  );
  expect(turn.toolCalls).toMatchObject([
    { name: 'Bash', input: { command: expect.stringContaining('tee') } },
  ]);
  expect(turn.text).toBe('I run it.out-42');
  expect(await readFile(join(home.workingDirectory, 'made.txt'), 'utf8')).toBe('out-42\n');
});

test('files are written, read and edited by the CLI', async () => {
  await agent.prompt(
    '!write "a file.txt" first\\nsecond\n!read "a file.txt"\n!edit "a file.txt" second => 2nd\n!say ok',
  );
  expect(await readFile(join(home.workingDirectory, 'a file.txt'), 'utf8')).toBe('first\n2nd');
});

test('any tool of the CLI can be called', async () => {
  const turn = await agent.prompt('!tool Bash {"command":"exit 3"}\n!say-result');
  expect(turn.text).toContain('Exit code 3');
});

test('thinking is streamed and comes back in the next request', async () => {
  const turn = await agent.prompt('!think Let me see.\n!bash true\n!say Seen.');
  const thought = turn.messages.some(
    (message) => message.type === 'stream_event' && JSON.stringify(message.event).includes('Let me see.'),
  );
  expect(thought).toBe(true);
  expect(turn.text).toBe('Seen.');
});

test('10,000 deltas arrive complete and in order', async () => {
  const turn = await agent.prompt('!stream 10000');
  expect(turn.textDeltas).toEqual(Array.from({ length: 10_000 }, (_, index) => `${index + 1} `));
});

test('a registered script answers the prompt that it matches, and waits do not hinder it', async () => {
  expect((await agent.prompt('Good morning!')).text).toBe('Good morning to you.');
  expect((await agent.prompt('abc')).text).toBe('Short.');
  expect((await agent.prompt('!wait 20\n!slow-say 5 a b')).text).toBe('a b');
});

test('a prompt without a script gets a sentence that says so', async () => {
  const turn = await agent.prompt('What is the weather?');
  expect(turn.text).toContain('no script for this prompt: What is the weather?');
});

test('a directive that nobody knows fails the turn and is named', async () => {
  const turn = await agent.prompt('!dance');
  expect(turn.result).toMatchObject({ is_error: true });
  expect(JSON.stringify(turn.result)).toContain('unknown directive !dance');
});

test('a script that ends with a tool call still ends the turn with a text', async () => {
  expect((await agent.prompt('!bash true')).result).toMatchObject({ subtype: 'success', result: 'Done.' });
});

test('tokens and cost follow from the texts', async () => {
  const { result } = await agent.prompt('!say tokens');
  expect(result.total_cost_usd).toBeGreaterThan(0);
  expect(Object.values(result.modelUsage)[0]?.inputTokens).toBeGreaterThan(1000);
});

test('requests are kept with headers and body', () => {
  const request = model.requests.findLast((request) => request.path.startsWith('/v1/messages'));
  expect(request).toMatchObject({
    method: 'POST',
    status: 200,
    headers: { authorization: `Bearer ${oauth.CLAUDE_CODE_OAUTH_TOKEN}`, 'anthropic-version': '2023-06-01' },
    body: { stream: true, model: expect.stringContaining('claude') },
  });
});
