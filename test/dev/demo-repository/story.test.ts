import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDemoRepository } from '../../../src/dev/demo-repository/create.ts';
import { git } from '../../../src/dev/demo-repository/git.ts';
import { demoNotesFile, demoPrompts, demoScript } from '../../../src/dev/demo-repository/story.ts';
import { startGitServer, type GitServer } from '../../../src/dev/git-server/server.ts';
import { nothingRemembered } from '../../../src/dev/scripted-model/steps.ts';
import { Agent, createAgentHome, type AgentHome } from '../scripted-model/claude-code.ts';
import { oauth, startModel } from '../scripted-model/model.ts';

/** The demo's story without Harvest: the real CLI in a clone, the git server with its password, and one process after the other. */
const word = 'marzipan';
const prompts = demoPrompts(word);
const token = 'git-token';

let home: AgentHome;
let directory: string;
let clone: string;
let gitServer: GitServer;
let model: Awaited<ReturnType<typeof startModel>>;
let sessionId: string;

beforeAll(async () => {
  home = await createAgentHome();
  directory = await mkdtemp(join(tmpdir(), 'demo-story-'));
  await createDemoRepository({ directory, name: 'spoken-duration' });
  gitServer = await startGitServer({ directory, token });
  model = await startModel({ scripts: [demoScript] });
  const url = new URL(gitServer.cloneUrl('spoken-duration'));
  url.username = 'x';
  url.password = token;
  await git(home.workingDirectory, ['clone', '--quiet', url.href]);
  clone = join(home.workingDirectory, 'spoken-duration');
  await git(clone, ['config', 'user.name', 'Mia (Harvest)']);
  await git(clone, ['config', 'user.email', 'mia@example.com']);
  await git(clone, ['switch', '--quiet', '--create', 'harvest/demo']);
});

afterAll(async () => {
  await model.close();
  await gitServer.close();
  await home[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

function startAgent(resume?: string): Agent {
  return new Agent({
    home,
    modelUrl: model.url,
    workingDirectory: clone,
    env: {
      ...oauth,
      PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
      GIT_CONFIG_GLOBAL: '/dev/null',
    },
    ...(resume === undefined ? {} : { resume }),
  });
}

test('prompt 1 mends the code, commits and pushes it, and leaves a note uncommitted', async () => {
  await using agent = startAgent();
  const turn = await agent.prompt(prompts.fix);
  sessionId = turn.result.session_id;
  expect(turn.toolCalls.map(({ name }) => name)).toEqual([
    'Bash',
    'Read',
    'Edit',
    'Bash',
    'Bash',
    'Bash',
    'Write',
  ]);
  expect(turn.text).toContain('One test fails');
  expect(turn.text).toContain('All tests pass.');
  expect(turn.text).toContain('The branch is pushed.');
  const pushed = await git(join(directory, 'spoken-duration.git'), [
    'log',
    '-1',
    '--format=%an <%ae> %s',
    'harvest/demo',
  ]);
  expect(pushed).toBe('Mia (Harvest) <mia@example.com> Cut amounts off instead of rounding them');
  expect(await git(clone, ['status', '--short'])).toBe(`?? ${demoNotesFile}`);
});

test('prompt 2 in another process finds the note and gives the word back', async () => {
  await using agent = startAgent(sessionId);
  const turn = await agent.prompt(prompts.recall);
  expect(turn.text).toContain('The note is there');
  expect(turn.text).toContain('The tests pass.');
  expect(turn.text).toContain(`I remember: ${word}`);
});

test('prompt 2 says when the note and the word are gone', async () => {
  await using other = await createAgentHome();
  await using agent = new Agent({ home: other, modelUrl: model.url, env: oauth });
  const turn = await agent.prompt(prompts.recall);
  expect(turn.text).toContain('The note is gone.');
  expect(turn.text).toContain(nothingRemembered);
});

test('prompt 3 runs until it is interrupted, prompt 4 is answered after it', async () => {
  await using agent = startAgent(sessionId);
  agent.send(prompts.long);
  let calls = 0;
  const turn = agent.turn((message) => {
    if (message.type === 'assistant') calls += 1;
  });
  await expect.poll(() => calls, { timeout: 90_000 }).toBeGreaterThan(1);
  await agent.interrupt();
  expect((await turn).result.subtype).toBe('error_during_execution');
  const short = await agent.prompt(prompts.queued);
  expect(short.text).toContain('Cut amounts off instead of rounding them');
  expect(short.text).toContain('Describe parseDuration');
  expect(await readFile(join(clone, demoNotesFile), 'utf8')).toContain('# Notes');
});
