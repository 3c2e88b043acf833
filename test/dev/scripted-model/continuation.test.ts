import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { continuationNotice } from '../../../src/agent/notices.ts';
import { bash, nothingRemembered, say } from '../../../src/dev/scripted-model/steps.ts';
import { restartNotice } from '../../../src/workflows/decisions.ts';
import { Agent, createAgentHome, type AgentHome } from './claude-code.ts';
import { oauth, startModel } from './model.ts';

test('a resumed process in front of a new model server remembers the word, a new session does not', async () => {
  await using home = await createAgentHome();
  const sessionId = await (async () => {
    await using model = await startModel();
    await using agent = new Agent({ home, modelUrl: model.url, env: oauth });
    const turn = await agent.prompt('Remember word-hazelnut for later.\n!say I will.');
    return turn.result.session_id;
  })();
  await using model = await startModel();
  await using resumed = new Agent({ home, modelUrl: model.url, env: oauth, resume: sessionId });
  expect((await resumed.prompt('!recall word-([a-z]+)')).text).toBe('I remember: hazelnut');
  await using fresh = new Agent({ home, modelUrl: model.url, env: oauth });
  expect((await fresh.prompt('!recall word-([a-z]+)')).text).toBe(nothingRemembered);
});

test('the word outlives a compaction of the conversation', async () => {
  await using home = await createAgentHome();
  await using model = await startModel();
  await using agent = new Agent({ home, modelUrl: model.url, env: oauth });
  await agent.prompt('Remember word-hazelnut for later.\n!say I will.');
  const compacted = await agent.prompt('/compact');
  expect(compacted.messages).toContainEqual(
    expect.objectContaining({ type: 'system', subtype: 'compact_boundary' }),
  );
  expect((await agent.prompt('!recall word-([a-z]+)')).text).toBe('I remember: hazelnut');
});

test('a model server restarted in mid-turn goes on where the script stands', async () => {
  await using home = await createAgentHome();
  const first = await startModel();
  await using agent = new Agent({ home, modelUrl: first.url, env: oauth });
  agent.send(
    '!bash echo 1 >> steps\n!bash echo 2 >> steps; touch ready; sleep 1\n!bash echo 3 >> steps\n!say all',
  );
  const turn = agent.turn();
  const ready = join(home.workingDirectory, 'ready');
  await expect.poll(async () => exists(ready), { timeout: 90_000 }).toBe(true);
  await first.close();
  await using second = await startModel({ port: Number(new URL(first.url).port) });
  expect((await turn).text).toBe('all');
  expect(second.requests.length).toBeGreaterThan(0);
  expect(await readFile(join(home.workingDirectory, 'steps'), 'utf8')).toBe('1\n2\n3\n');
});

test.for([continuationNotice({ cause: 'agent-died', count: 1 }), 'Continue where you were.'])(
  'a killed CLI that is resumed with "%s" continues the script, and what was done stays done',
  async (notice) => {
    await using home = await createAgentHome();
    await using model = await startModel();
    const steps = join(home.workingDirectory, 'steps');
    let sessionId = '';
    {
      await using agent = new Agent({ home, modelUrl: model.url, env: oauth });
      sessionId = (await agent.prompt('!say warm')).result.session_id;
      agent.send(
        '!bash echo 1 >> steps\n!bash echo $$ > pid; test -e again || { touch again; sleep 60; }; echo 2 >> steps\n!say all',
      );
      const turn = agent.turn().catch(() => 'ended');
      await expect
        .poll(async () => exists(join(home.workingDirectory, 'again')), { timeout: 90_000 })
        .toBe(true);
      await transcriptHolds(home, 'tool_result');
      await agent.kill();
      expect(await turn).toBe('ended');
      // A killed CLI leaves its tool running.
      process.kill(-Number(await readFile(join(home.workingDirectory, 'pid'), 'utf8')), 'SIGKILL');
    }
    await using resumed = new Agent({ home, modelUrl: model.url, env: oauth, resume: sessionId });
    expect((await resumed.prompt(notice)).text).toBe('all');
    expect(await readFile(steps, 'utf8')).toBe('1\n2\n');
  },
);

test('a model that hung once answers the turn that is continued for silence', async () => {
  await using home = await createAgentHome();
  await using model = await startModel();
  let sessionId = '';
  {
    await using agent = new Agent({ home, modelUrl: model.url, env: oauth });
    sessionId = (await agent.prompt('!say warm')).result.session_id;
    agent.send('!bash echo 1 >> steps\n!hang 1\n!say back again');
    const turn = agent.turn().catch(() => 'ended');
    await expect.poll(() => model.requests.length, { timeout: 90_000 }).toBe(3);
    await transcriptHolds(home, 'tool_result');
    await agent.kill();
    expect(await turn).toBe('ended');
  }
  await using resumed = new Agent({ home, modelUrl: model.url, env: oauth, resume: sessionId });
  expect((await resumed.prompt(continuationNotice({ cause: 'silent', count: 1 }))).text).toBe('back again');
  expect(await readFile(join(home.workingDirectory, 'steps'), 'utf8')).toBe('1\n');
});

test('a prompt that is run again behind a notice starts from its beginning', async () => {
  await using home = await createAgentHome();
  await using model = await startModel({
    scripts: [
      { name: 'count', turns: [{ prompt: /^count$/i, steps: [bash('echo 1 >> steps'), say('counted')] }] },
    ],
  });
  await using agent = new Agent({ home, modelUrl: model.url, env: oauth });
  await agent.prompt('Count');
  const notice = restartNotice({ checkpointId: 'turn-before', midTurn: false });
  expect((await agent.prompt(`${notice}\n\nCount`)).text).toBe('counted');
  expect(await readFile(join(home.workingDirectory, 'steps'), 'utf8')).toBe('1\n1\n');
});

test('an interrupted tool call is made again when the turn is continued', async () => {
  await using home = await createAgentHome();
  await using model = await startModel();
  await using agent = new Agent({ home, modelUrl: model.url, env: oauth });
  agent.send(
    '!bash echo 1 >> steps\n!bash test -e again || { touch again; sleep 60; }; echo 2 >> steps\n!say all',
  );
  const turn = agent.turn();
  await expect.poll(async () => exists(join(home.workingDirectory, 'again')), { timeout: 90_000 }).toBe(true);
  await agent.interrupt();
  expect((await turn).result.subtype).toBe('error_during_execution');
  expect((await agent.prompt('Continue where you were.')).text).toBe('all');
  expect(await readFile(join(home.workingDirectory, 'steps'), 'utf8')).toBe('1\n2\n');
});

test('a prompt after an interrupted one is answered by its own script', async () => {
  await using home = await createAgentHome();
  await using model = await startModel();
  await using agent = new Agent({ home, modelUrl: model.url, env: oauth });
  agent.send('!say begun\n!bash touch begun; sleep 60\n!say never');
  const turn = agent.turn();
  await expect.poll(async () => exists(join(home.workingDirectory, 'begun')), { timeout: 90_000 }).toBe(true);
  await agent.interrupt();
  await turn;
  expect((await agent.prompt('!bash echo next\n!say-result')).text).toBe('next');
});

test('two sessions at one model server do not mix', async () => {
  await using home = await createAgentHome();
  await using other = await createAgentHome();
  await using model = await startModel();
  await using left = new Agent({ home, modelUrl: model.url, env: oauth });
  await using right = new Agent({ home: other, modelUrl: model.url, env: oauth });
  await Promise.all([left.prompt('My word-left\n!say ok'), right.prompt('My word-right\n!say ok')]);
  const turns = await Promise.all(
    [left, right].map(async (agent) => agent.prompt('!fail 529\n!recall word-([a-z]+)')),
  );
  expect(turns.map((turn) => turn.text)).toEqual(['I remember: left', 'I remember: right']);
  expect(model.requests.filter((request) => request.status === 529)).toHaveLength(2);
});

/** The CLI writes its transcript with a delay: what is not yet in it when it is killed is done again. */
async function transcriptHolds(home: AgentHome, text: string): Promise<void> {
  const projects = join(home.directory, '.claude', 'projects');
  await expect
    .poll(async () => {
      const files = await readdir(projects, { recursive: true, withFileTypes: true });
      const transcripts = files.filter((file) => file.name.endsWith('.jsonl'));
      const texts = transcripts.map(async (file) => readFile(join(file.parentPath, file.name), 'utf8'));
      return (await Promise.all(texts)).join('');
    })
    .toContain(text);
}

async function exists(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  );
}
