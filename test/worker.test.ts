/** What a worker says that cannot start: one sentence on what is wrong and what to do, and exit code 1. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';

const workerFile = join(import.meta.dirname, '../src/worker.ts');

let dataDirectory: string;

beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'harvest-worker-'));
});

afterEach(async () => {
  await rm(dataDirectory, { recursive: true });
});

/** Port 9 of loopback: nothing listens there. */
const deadAddress = '127.0.0.1:9';

async function startWorker(
  environment: Record<string, string>,
): Promise<{ exitCode: number | null; said: string }> {
  const child = spawn(process.execPath, [workerFile], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: dataDirectory,
      HARVEST_DATA_DIR: dataDirectory,
      TEMPORAL_ADDRESS: deadAddress,
      MODAL_TOKEN_ID: 'ak-1',
      MODAL_TOKEN_SECRET: 'as-1',
      ...environment,
    },
  });
  const exited = once(child, 'exit');
  const said = await text(child.stderr);
  const [exitCode] = (await exited) as [number | null];
  return { exitCode, said };
}

test('a worker without Modal’s token says so before it touches anything', async () => {
  expect(await startWorker({ MODAL_TOKEN_ID: '', MODAL_TOKEN_SECRET: '' })).toEqual({
    exitCode: 1,
    said: expect.stringMatching(/^MODAL_TOKEN_ID and MODAL_TOKEN_SECRET are not set: .*\n$/),
  });
  expect(await readdir(dataDirectory)).toEqual([]);
});

test('half of Modal’s token is not enough', async () => {
  expect(await startWorker({ MODAL_TOKEN_SECRET: '' })).toEqual({
    exitCode: 1,
    said: 'MODAL_TOKEN_ID and MODAL_TOKEN_SECRET belong together: set both or none\n',
  });
});

test('a variable of the wrong form is named', async () => {
  expect(await startWorker({ HARVEST_LOG_LEVEL: 'loud' })).toEqual({
    exitCode: 1,
    said: expect.stringMatching(/^environment variable HARVEST_LOG_LEVEL: .*\n$/),
  });
});

test.each([
  { setting: 'HARVEST_CREDENTIAL_VARIABLES', entry: 'github:GITHUB_TOKEN@127.0.0.1:3000' },
  { setting: 'HARVEST_MODAL_SECRETS', entry: 'github:my-secret/KEY@127.0.0.1:3000' },
])(
  'a credential for loopback in $setting is refused in Modal’s cloud, where the agent would get it',
  async ({ setting, entry }) => {
    const { exitCode, said } = await startWorker({ [setting]: entry });
    expect(exitCode).toBe(1);
    const start = `environment variable ${setting}: cannot name 127.0.0.1:3000 without MODAL_SERVER_URL: `;
    expect(said.startsWith(start), said).toBe(true);
    expect(said.trim()).not.toContain('\n');
    expect(await readdir(dataDirectory)).toEqual([]);
  },
);

test('a token that stands where a variable belongs is not repeated', async () => {
  const token = `ghp_${'a1'.repeat(18)}`;
  const { exitCode, said } = await startWorker({ HARVEST_CREDENTIAL_VARIABLES: token });
  expect(exitCode).toBe(1);
  expect(said).toMatch(
    /^environment variable HARVEST_CREDENTIAL_VARIABLES: "\[redacted:github-token\]" is not/,
  );
  expect(said).not.toContain(token);
});

test('a store that is no database is left as it is', async () => {
  const file = join(dataDirectory, 'store.sqlite');
  await writeFile(file, 'no database, whatever its name says\n'.repeat(100));
  expect(await startWorker({})).toEqual({
    exitCode: 1,
    said: expect.stringMatching(/^The store .*store\.sqlite is damaged or is not a Harvest store: .*\n$/),
  });
  expect(await readdir(dataDirectory)).toEqual(['store.sqlite']);
});

test('a Temporal server that does not answer is named by its address', async () => {
  expect(await startWorker({})).toEqual({
    exitCode: 1,
    said: `The Temporal server at ${deadAddress} does not answer: start it, or name another one by TEMPORAL_ADDRESS or a profile of temporal.toml.\n`,
  });
});

test('a temporal.toml that cannot be read is named', async () => {
  const file = join(dataDirectory, 'temporal.toml');
  await writeFile(file, '[profile.default\naddress = 1');
  expect(await startWorker({ TEMPORAL_CONFIG_FILE: file })).toEqual({
    exitCode: 1,
    said: expect.stringMatching(
      /^Temporal's settings in the environment or in temporal\.toml are not valid: /,
    ),
  });
});
