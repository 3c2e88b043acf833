import { expect, test } from 'vitest';
import { Agent, createAgentHome, type Turn } from './claude-code.ts';
import { oauth, startModel, token } from './model.ts';

async function oneTurn(prompt: string, env: Record<string, string> = oauth, credential = token) {
  await using home = await createAgentHome();
  await using model = await startModel({ credential });
  await using agent = new Agent({ home, modelUrl: model.url, env });
  const turn = await agent.prompt(prompt);
  return { turn, statuses: model.requests.map((request) => request.status) };
}

function retries(turn: Turn) {
  return turn.messages.flatMap((message) =>
    message.type === 'system' && message.subtype === 'api_retry' ? [message.error_status] : [],
  );
}

test.for([
  { status: 429, times: 1 },
  { status: 529, times: 2 },
  { status: 500, times: 1 },
])('HTTP $status, $times times, is retried by the CLI until it is answered', async ({ status, times }) => {
  const { turn, statuses } = await oneTurn(`!fail ${status} ${times}\n!say There I am.`);
  const failures = Array.from({ length: times }, () => status);
  expect(statuses).toEqual([...failures, 200]);
  expect(retries(turn)).toEqual(failures);
  expect(turn.result).toMatchObject({ subtype: 'success', result: 'There I am.' });
});

test('a failure behind the first output is an error event in the stream, and the answer is tried again', async () => {
  const { turn, statuses } = await oneTurn('!say before\n!fail 529\n!say after');
  expect(statuses.length).toBeGreaterThan(1);
  expect(turn.result).toMatchObject({ subtype: 'success', is_error: false });
  expect(turn.text.endsWith('after')).toBe(true);
});

test('a connection cut in mid-stream does not end the turn, and no tool runs twice', async () => {
  const { turn } = await oneTurn('!bash echo x >> y\n!say mid\n!cut\n!say after\n!bash cat y\n!say-result');
  expect(retries(turn)).toHaveLength(1);
  expect(turn.toolCalls).toHaveLength(2);
  expect(turn.text.endsWith('x')).toBe(true);
  expect(turn.result).toMatchObject({ subtype: 'success', result: 'x' });
});

test('a wrong OAuth token is refused as by the real API', async () => {
  const { turn, statuses } = await oneTurn('!say no', { CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-wrong' });
  expect(new Set(statuses)).toEqual(new Set([401]));
  expect(turn.result).toMatchObject({ is_error: true, result: expect.stringContaining('401') });
});

test('an API key is accepted where the credential is one', async () => {
  const { turn } = await oneTurn('!say yes', { ANTHROPIC_API_KEY: 'sk-ant-api03-key' }, 'sk-ant-api03-key');
  expect(turn.result).toMatchObject({ subtype: 'success', result: 'yes' });
});

test('a model that hangs is interrupted, and the next prompt is answered', async () => {
  await using home = await createAgentHome();
  await using model = await startModel();
  await using agent = new Agent({ home, modelUrl: model.url, env: oauth });
  await agent.prompt('!say warm');
  agent.send('!hang');
  await expect.poll(() => model.requests.length).toBe(2);
  await agent.interrupt();
  expect((await agent.turn()).result).toMatchObject({ subtype: 'error_during_execution' });
  expect(model.requests[1]?.status).toBeUndefined();
  expect((await agent.prompt('!say there again')).text).toBe('there again');
});

test('a hang behind some output leaves the stream open', async () => {
  await using home = await createAgentHome();
  await using model = await startModel();
  await using agent = new Agent({ home, modelUrl: model.url, env: oauth });
  agent.send('!say some\n!hang');
  let text = '';
  const turn = agent.turn((message) => {
    if (message.type === 'stream_event') text += JSON.stringify(message.event);
  });
  await expect.poll(() => text, { timeout: 90_000 }).toContain('some');
  await agent.interrupt();
  expect((await turn).result.is_error).toBe(true);
});
