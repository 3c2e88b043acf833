import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { beforeAll, expect, test } from 'vitest';
import { schemaFiles } from '../../scripts/schemas/documents.ts';

const folder = join(import.meta.dirname, '..', '..', 'schemas');
const ajv = new Ajv({ strict: true, strictTypes: false, validateFormats: false, allErrors: true });

beforeAll(async () => {
  for (const name of await readdir(folder)) {
    ajv.addSchema(
      JSON.parse(await readFile(join(folder, name), 'utf8')) as object,
      name.replace('.json', ''),
    );
  }
});

function problems(schema: string, value: unknown): string {
  const validate = ajv.getSchema(schema);
  if (validate === undefined) throw new TypeError(`there is no schema "${schema}"`);
  return validate(value) === true ? '' : ajv.errorsText(validate.errors);
}

test('schemas/ is what the contracts say: node scripts/generate-schemas.ts writes it anew', async () => {
  const files = schemaFiles();
  expect((await readdir(folder)).sort()).toEqual([...files.keys()].sort());
  for (const [name, text] of files) expect(await readFile(join(folder, name), 'utf8'), name).toBe(text);
});

const input = {
  sessionId: 'one',
  repositories: [{ url: 'https://example.com/app.git' }],
  user: { name: 'Ada', email: 'ada@example.com' },
};
const event = { seq: 1, sessionId: 'one', generation: 1, at: '2026-01-01T00:00:00.000Z', turnId: 't' };
const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0 };
const state = {
  sessionId: 'one',
  status: 'paused',
  createdAt: '2026-01-01T00:00:00.000Z',
  lastActivityAt: '2026-01-01T00:00:00.000Z',
  generation: 1,
  sandboxId: null,
  imageId: null,
  checkpointId: 'c',
  turnId: null,
  queue: [{ turnId: 't', author: 'Ada' }],
  turns: 1,
  costUsd: 0.1,
  spentUsd: 0.3,
  budgetUsd: null,
  waiting: null,
  clocks: { pausesAt: null, turnEndsAt: null, rollsOverAt: null, closesAt: '2026-01-31T00:00:00.000Z' },
  repositories: [{ name: 'app', url: 'https://example.com/app.git', branch: 'main' }],
  git: [{ repository: 'app', branch: null, head: 'abc' }],
};

const valid: [string, unknown][] = [
  ['session-input', input],
  [
    'session-input',
    {
      ...input,
      credentials: { github: { from: 'environment', variable: 'GITHUB_TOKEN' } },
      options: { idleSeconds: 60, environment: { CI: '1' } },
    },
  ],
  ['execution-request', { executionId: 'e', language: 'bash', code: 'true', files: { 'a/b': 'x' } }],
  [
    'execution-result',
    {
      status: 'success',
      exitCode: 0,
      stdout: '',
      stderr: '',
      durationSeconds: 0.1,
      sandboxId: 'sb-1',
    },
  ],
  ['prompt-request', { id: 'p-1', text: 'Fix the tests', author: 'Ada' }],
  ['session-input', { ...input, fork: { sessionId: 'two', checkpointId: 'turn-p-1' } }],
  ['prompt-request', { id: 'p-1', text: 'Stop', mode: 'steer' }],
  ['prompt-request', { id: 'p-1', text: 'Go', options: { model: 'm', maxTurns: 5, budgetUsd: 0.5 } }],
  ['prompt-answer', { turnId: 'p-1', position: 0 }],
  ['prompt-answer', { turnId: 'p-1', position: 0, steers: 'p-0' }],
  ['cancel-prompt-request', { id: 'p-1' }],
  ['rewind-request', { checkpointId: 'turn-p-1' }],
  ['set-budget-request', { budgetUsd: 20 }],
  ['set-budget-request', { budgetUsd: null }],
  ['interrupt-request', {}],
  ['interrupt-answer', { turnId: null }],
  ['pause-request', { interrupt: true }],
  ['terminate-request', { discard: true }],
  ['accepted-answer', { accepted: true }],
  ['exec-request', { id: 'e-1', argv: ['npm', 'test'], timeoutSeconds: 60 }],
  ['exec-answer', { execId: 'e-1' }],
  ['state-query', state],
  ['turn-query', null],
  ['turn-query', { turnId: 'p-1', status: 'queued', position: 1 }],
  ['turn-query', { turnId: 'p-1', status: 'completed', answer: 'Done.', costUsd: 0.2 }],
  ['turn-query', { turnId: 'p-1', status: 'steering', into: 'p-0' }],
  ['turn-query', { turnId: 'p-1', status: 'steered', into: 'p-0', answer: '', costUsd: 0 }],
  ['turn-query', { turnId: 'p-1', status: 'cancelled', answer: '', costUsd: 0 }],
  ['exec-query', { execId: 'e-1', status: 'exited', exitCode: 1, output: 'no' }],
  ['turn-id', 'p-1'],
  ['event', { ...event, type: 'prompt.queued', data: { text: 'Fix the tests', position: 0 } }],
  [
    'event',
    { ...event, type: 'turn.completed', data: { answer: 'Done.', costUsd: 0.2, usage, durationMs: 5 } },
  ],
  ['event', { ...event, type: 'prompt.cancelled', data: {} }],
  ['event', { ...event, type: 'turn.steered', data: { promptId: 'p-1' } }],
  ['event', { ...event, type: 'turn.started', data: { later: 'a field of a later version' } }],
  ['event', { ...event, type: 'a.type.of.a.later.version', data: {} }],
];

test.each(valid)('%s takes %j', (schema, value) => {
  expect(problems(schema, value)).toBe('');
});

const invalid: [string, unknown, string][] = [
  ['session-input', { ...input, sessionId: 'Not An Id' }, '/sessionId'],
  [
    'session-input',
    { ...input, repositories: [{ url: 'https://a:b@example.com/app' }] },
    '/repositories/0/url',
  ],
  ['session-input', { ...input, repositories: [{ url: 'git@example.com:app' }] }, '/repositories/0/url'],
  ['session-input', { ...input, credentials: { github: 'ghp_secret' } }, '/credentials/github'],
  ['session-input', { ...input, token: 'x' }, 'additional properties'],
  ['prompt-request', { id: 'p', text: ' \n ' }, '/text'],
  ['prompt-request', { id: 'p', text: 'x'.repeat(64_001) }, '/text'],
  ['prompt-request', { id: 'a b', text: 'x' }, '/id'],
  ['prompt-request', { id: 'p', text: 'x', mode: 'shout' }, '/mode'],
  ['prompt-request', { id: 'p', text: 'x', options: { maxTurns: 0 } }, '/options/maxTurns'],
  ['rewind-request', { checkpointId: '' }, '/checkpointId'],
  ['set-budget-request', {}, 'budgetUsd'],
  ['set-budget-request', { budgetUsd: 0 }, '/budgetUsd'],
  ['exec-request', { id: 'e', argv: [] }, '/argv'],
  ['state-query', { ...state, status: 'dreaming' }, '/status'],
  ['turn-query', { turnId: 'p-1', status: 'failed', answer: '', costUsd: 0 }, 'failure'],
  ['turn-query', { turnId: 'p-1', status: 'steered', answer: '', costUsd: 0 }, 'into'],
  ['exec-query', { execId: 'e-1', status: 'exited', output: '' }, 'exitCode'],
  ['event', { ...event, type: 'prompt.queued', data: { text: 1, position: 0 } }, '/data/text'],
  ['event', { ...event, seq: 0, type: 'turn.started', data: {} }, '/seq'],
];

test.each(invalid)('%s refuses %j', (schema, value, where) => {
  expect(problems(schema, value)).toContain(where);
});
