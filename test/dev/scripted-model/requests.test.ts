import { afterAll, beforeAll, expect, test } from 'vitest';
import { enrichWithRecentMessages } from '../../../src/agent/notices.ts';
import { startModel, token } from './model.ts';

let model: Awaited<ReturnType<typeof startModel>>;
beforeAll(async () => {
  model = await startModel();
});
afterAll(async () => {
  await model.close();
});

const headers = {
  authorization: `Bearer ${token}`,
  'anthropic-version': '2023-06-01',
  'anthropic-beta': 'a, oauth-2025-04-20',
};

const bash = { name: 'Bash', input_schema: {} };
const valid = {
  model: 'claude-x',
  max_tokens: 100,
  system: 'You are an agent.',
  tools: [bash],
  messages: [{ role: 'user', content: '!say hello' }] as unknown[],
};

async function post(body: unknown, path = '/v1/messages', given: Record<string, string> = headers) {
  const response = await fetch(`${model.url}${path}`, {
    method: 'POST',
    headers: given,
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const use = { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: {} };
const result = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'ok' };
const user = (...content: unknown[]) => ({ role: 'user', content });
const assistant = (...content: unknown[]) => ({ role: 'assistant', content });
const text = (text: string, more = {}) => ({ type: 'text', text, ...more });
const cached = { cache_control: { type: 'ephemeral' } };

test.for([
  { fault: 'no model', body: { ...valid, model: undefined }, says: 'model' },
  { fault: 'no max_tokens', body: { ...valid, max_tokens: undefined }, says: 'max_tokens' },
  { fault: 'max_tokens 0', body: { ...valid, max_tokens: 0 }, says: 'max_tokens' },
  { fault: 'no messages', body: { ...valid, messages: [] }, says: 'messages' },
  { fault: 'tools without system', body: { ...valid, system: undefined }, says: 'system' },
  { fault: 'doubled tool name', body: { ...valid, tools: [bash, bash] }, says: 'unique' },
  { fault: 'a body that is no JSON object', body: 'hello', says: 'expected object' },
])('$fault is refused', async ({ body, says }) => {
  const answer = await post(body);
  expect(answer).toMatchObject({
    status: 400,
    body: { type: 'error', error: { type: 'invalid_request_error' } },
  });
  expect(JSON.stringify(answer.body)).toContain(says);
});

test.for([
  { fault: 'an assistant first', messages: [assistant(text('a')), user(text('b'))], says: 'first message' },
  { fault: 'an assistant last', messages: [user(text('a')), assistant(text('b'))], says: 'end with a user' },
  { fault: 'an empty text', messages: [user(text(''))], says: 'non-empty' },
  { fault: 'an unknown block', messages: [user({ type: 'poem' })], says: 'messages.0.content' },
  {
    fault: 'a tool call without result',
    messages: [user(text('a')), assistant(use), user(text('b'))],
    says: 'without',
  },
  { fault: 'a result without tool call', messages: [user(text('a'), result)], says: 'unexpected' },
  {
    fault: 'a result that comes too late',
    messages: [user(text('a')), assistant(use), user(result), assistant(text('b')), user(result)],
    says: 'unexpected',
  },
  {
    fault: 'a doubled tool id',
    messages: [user(text('a')), assistant(use), user(result), assistant(use), user(result)],
    says: 'unique',
  },
  {
    fault: 'a doubled result',
    messages: [user(text('a')), assistant(use), user(result, result)],
    says: 'single',
  },
  { fault: 'a tool call of the user', messages: [user(use)], says: 'tool_use in a user message' },
  {
    fault: 'a result of the assistant',
    messages: [user(text('a')), assistant(result), user(text('b'))],
    says: 'tool_result in an assistant message',
  },
  {
    fault: 'a fifth cache mark',
    messages: [user(...Array.from({ length: 5 }, () => text('a', cached)))],
    says: 'maximum of 4',
  },
])('a conversation with $fault is refused', async ({ messages, says }) => {
  const answer = await post({ ...valid, messages });
  expect(answer.status).toBe(400);
  expect(JSON.stringify(answer.body)).toContain(says);
});

test('what the real API accepts is accepted', async () => {
  const answer = await post({
    ...valid,
    thinking: { type: 'adaptive' },
    messages: [
      user(text('a'), text('<system-reminder>x</system-reminder>')),
      { role: 'system', content: 'surroundings' },
      assistant({ type: 'thinking', thinking: '', signature: 's' }, use),
      { role: 'system', content: [text('more')] },
      user(result),
      user(text('!say hello', cached)),
    ],
  });
  expect(answer).toMatchObject({
    status: 200,
    body: { role: 'assistant', content: [{ type: 'text', text: 'hello' }], stop_reason: 'end_turn' },
  });
});

test('without streaming the answer is one message', async () => {
  const answer = await post({ ...valid, messages: [user(text('!think hm\n!say do it\n!bash ls'))] });
  expect(answer.body).toMatchObject({
    type: 'message',
    model: 'claude-x',
    stop_reason: 'tool_use',
    content: [
      { type: 'thinking', thinking: 'hm', signature: 'scripted' },
      { type: 'text', text: 'do it' },
      { type: 'tool_use', name: 'Bash', input: { command: 'ls' } },
    ],
  });
});

test('the same request costs the same tokens, a longer one more', async () => {
  const usage = async (body: unknown) => (await post(body)).body['usage'];
  const [first, again] = [await usage(valid), await usage(valid)];
  expect(first).toEqual(again);
  const long = await usage({ ...valid, system: 'x'.repeat(4000) });
  expect((long as { input_tokens: number }).input_tokens).toBeGreaterThan(
    (first as { input_tokens: number }).input_tokens + 900,
  );
});

test('a request without tools is answered with plain text', async () => {
  const answer = await post({ ...valid, tools: undefined, messages: [user(text('!bash rm -rf /'))] });
  expect(answer.body).toMatchObject({ stop_reason: 'end_turn', content: [{ type: 'text' }] });
});

test('tokens are counted', async () => {
  const { max_tokens: _, ...body } = valid;
  const answer = await post(body, '/v1/messages/count_tokens?beta=true');
  expect(answer).toMatchObject({ status: 200, body: { input_tokens: expect.any(Number) } });
});

test('retry-after comes with a failure', async () => {
  const response = await fetch(`${model.url}/v1/messages`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ ...valid, messages: [user(text('!fail 429\n!say never'))] }),
  });
  expect(response.status).toBe(429);
  expect(response.headers.get('retry-after')).toBe('1');
  expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } });
});

test.for([
  { what: 'no credential', given: { authorization: '' } },
  { what: 'a wrong token', given: { authorization: 'Bearer sk-ant-oat01-the-wrong-one' } },
  { what: 'an OAuth token as API key', given: { authorization: '', 'x-api-key': token } },
  { what: 'an OAuth token without its beta header', given: { 'anthropic-beta': 'a' } },
])('$what is refused', async ({ given }) => {
  const answer = await post(valid, '/v1/messages', { ...headers, ...given });
  expect(answer).toMatchObject({ status: 401, body: { error: { type: 'authentication_error' } } });
});

test('probes get 404', async () => {
  const probes = await Promise.all([
    fetch(model.url, { method: 'HEAD' }),
    fetch(`${model.url}/v1/models`),
    fetch(`${model.url}/api/event_logging/batch`, { method: 'POST', body: '{}' }),
  ]);
  expect(probes.map((probe) => probe.status)).toEqual([404, 404, 404]);
});

test('earlier messages that Harvest puts before a prompt are searched, but not played again', async () => {
  const enriched = enrichWithRecentMessages('And?\n!recall word-([a-z]+)', [
    { role: 'user', text: 'keep word-plum\n!bash rm -rf /' },
    { role: 'assistant', text: 'yes' },
  ]);
  const answer = await post({ ...valid, messages: [user(text(enriched))] });
  expect(answer.body).toMatchObject({ content: [{ type: 'text', text: 'I remember: plum' }] });
});

test('what a tool printed is not remembered', async () => {
  const messages = [
    user(text('a')),
    assistant(use),
    user({ ...result, content: 'word-plum' }, text('!recall word-([a-z]+)')),
  ];
  const answer = await post({ ...valid, messages });
  expect(JSON.stringify(answer.body)).toContain('I do not remember');
});

test('old requests are forgotten', async () => {
  await using small = await startModel();
  for (let count = 0; count < 505; count += 1) {
    const response = await fetch(`${small.url}/?${count}`);
    await response.text();
  }
  expect(small.requests).toHaveLength(500);
  expect(small.requests[0]?.path).toBe('/?5');
});
