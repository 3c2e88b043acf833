import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventsOf, recordOf } from './support/client.ts';
import { Gate } from './support/gate.ts';
import { startRequest, turnRequest } from './support/requests.ts';
import {
  createWorld,
  gitEnvironment,
  type Place,
  type RunningSupervisor,
  type World,
} from './support/world.ts';

describe('a supervisor in one generation', () => {
  let world: World;
  let place: Place;
  let supervisor: RunningSupervisor;

  beforeAll(async () => {
    world = await createWorld();
    place = world.createPlace();
    supervisor = await place.start();
  });

  afterAll(async () => {
    await world.close();
  });

  /** Follows from the journal's end. */
  const turn = async (id: string, ...lines: string[]) => {
    const { journalBytes } = await supervisor.client.status();
    return supervisor.client.follow('/turns', turnRequest(id, lines.join('\n'), { from: journalBytes }));
  };

  const journalHolds = async (text: string) =>
    expect.poll(async () => (await supervisor.client.request('GET', '/journal')).body).toContain(text);

  const interrupt = async (turnId: string): Promise<unknown> =>
    JSON.parse((await supervisor.client.request('POST', '/interrupt', JSON.stringify({ turnId }))).body);

  test('clones the repository and makes the branch of the session', async () => {
    const url = world.createRepository('fruit');
    const environment = { CLAUDE_CODE_MAX_RETRIES: '1' };
    const followed = await supervisor.client.follow('/start', startRequest(world, url, { environment }));
    const { heads } = recordOf(followed, 'start.finished');
    expect(heads).toMatchObject([{ repository: 'fruit', branch: 'harvest/story' }]);
    expect(eventsOf(followed, 'repository.ready')).toMatchObject([{ repository: 'fruit', from: 'clone' }]);
    expect(readFileSync(join(place.workspace, 'fruit/README.md'), 'utf8')).toBe('# fruit\n');
    expect(await supervisor.client.status()).toMatchObject({ started: true, generation: 1, turnId: null });
  });

  test('runs a turn that calls a tool, commits and pushes', async () => {
    const followed = await turn(
      't1',
      '!say I add a file.',
      '!bash echo pear > pear.txt && git add pear.txt && git commit -qm "Add a pear" && git push -q',
      '!say Done.',
    );
    const ended = recordOf(followed, 'turn.ended');
    expect(ended).toMatchObject({ outcome: { status: 'completed' }, answer: 'Done.', turnId: 't1' });
    expect(ended.totals.costUsd).toBeGreaterThan(0);
    expect(ended.totals.usage.outputTokens).toBeGreaterThan(0);
    expect(ended.agentSessionId).toMatch(/^[0-9a-f-]{36}$/);
    expect(eventsOf(followed, 'agent.ready')).toHaveLength(1);
    expect(eventsOf(followed, 'tool.finished')).toMatchObject([{ isError: false }]);
    expect(eventsOf(followed, 'git.pushed')).toMatchObject([{ ref: 'refs/heads/harvest/story' }]);
    expect(eventsOf(followed, 'warning')).toEqual([]);
    const log = ['log', '-1', '--format=%an <%ae> %s', 'harvest/story'];
    const pushed = execFileSync('git', ['-C', world.bareFolder('fruit'), ...log], { env: gitEnvironment });
    expect(pushed.toString().trim()).toBe('Ada (Harvest) <ada@example.com> Add a pear');
    expect(followed.records.some(({ kind }) => kind === 'transcript')).toBe(true);
    expect(statSync(join(place.workspace, 'fruit/pear.txt')).uid).toBe(10_001);
  });

  test('says what a turn cost by itself, not what the agent has cost so far', async () => {
    const first = recordOf(await turn('cost-1', '!say one'), 'turn.ended');
    const second = recordOf(await turn('cost-2', '!say one'), 'turn.ended');
    expect(second.totals.usage.outputTokens).toBe(first.totals.usage.outputTokens);
  });

  test('runs a turn once, whoever asks for it and how often', async () => {
    const request = turnRequest('once', '!bash echo line >> lines.txt; sleep 1\n!say Written.');
    const both = await Promise.all([
      supervisor.client.follow('/turns', request),
      supervisor.client.follow('/turns', request),
    ]);
    const later = await supervisor.client.follow('/turns', request);
    const [first] = both;
    for (const followed of [...both, later]) {
      expect(followed.exitCode).toBe(0);
      expect(recordOf(followed, 'turn.ended').answer).toBe('Written.');
      expect(followed.records).toEqual(first.records);
    }
    expect(readFileSync(join(place.workspace, 'fruit/lines.txt'), 'utf8')).toBe('line\n');
  });

  test('goes on with a turn whose client went away, and attaches the next one where it was', async () => {
    const request = turnRequest('cut', '!bash sleep 1; echo more >> more.txt\n!say Also written.');
    const { journalBytes } = await supervisor.client.status();
    const isToolCall = (record: { kind: string; event?: { type: string } }) =>
      record.event?.type === 'tool.started';
    const cut = await supervisor.client.follow('/turns', { ...request, from: journalBytes }, isToolCall);
    expect(cut.end).toBeNull();
    const from = journalBytes + cut.bytes;
    const attached = await supervisor.client.follow('/turns', { ...request, from });
    expect(recordOf(attached, 'turn.ended').answer).toBe('Also written.');
    expect(attached.records[0]).not.toEqual(cut.records.at(-1));
    expect(readFileSync(join(place.workspace, 'fruit/more.txt'), 'utf8')).toBe('more\n');
    const behind = await supervisor.client.follow('/turns', { ...request, from: attached.end?.next ?? -1 });
    expect(behind.records).toEqual([]);
    expect(recordOf(behind, 'turn.ended').answer).toBe('Also written.');
  });

  test('refuses another text under a known id, and a second turn beside a running one', async () => {
    const gate = new Gate(place);
    const request = turnRequest('long', `${gate.step}\n!say Passed.`);
    const running = supervisor.client.follow('/turns', request);
    await expect.poll(async () => (await supervisor.client.status()).turnId).toBe('long');
    expect((await turn('other', '!say no')).error).toBe('turn-running');
    expect((await turn('t1', '!say another text')).error).toBe('conflict');
    expect((await turn('long', '!say another text')).error).toBe('conflict');
    gate.open();
    expect(recordOf(await running, 'turn.ended').answer).toBe('Passed.');
  });

  test('joins ten thousand pieces of text into few events, and loses none', async () => {
    const followed = await turn('many', '!stream 10000');
    const pieces = eventsOf(followed, 'agent.text.delta');
    const text = pieces.map((piece) => piece.text).join('');
    expect(text.trim().split(' ')).toHaveLength(10_000);
    expect(eventsOf(followed, 'agent.text')).toMatchObject([{ text }]);
    expect(pieces.length).toBeLessThan(5_000);
  });

  test('interrupts a running turn, and the next one works', async () => {
    const running = turn('stop', '!sleep-bash 30', '!say Never.');
    await journalHolds('seq 30');
    expect(await interrupt('stop')).toEqual({ interrupted: true });
    expect(recordOf(await running, 'turn.ended').outcome).toEqual({ status: 'interrupted' });
    const after = recordOf(await turn('after', '!say On we go.'), 'turn.ended');
    expect(after).toMatchObject({ outcome: { status: 'completed' }, answer: 'On we go.' });
    expect(await interrupt('stop')).toEqual({ interrupted: false });
  });

  test('interrupts a turn that has hardly begun', async () => {
    const running = turn('early', '!sleep-bash 30', '!say Never.');
    await expect.poll(async () => interrupt('early'), { interval: 5 }).toEqual({ interrupted: true });
    expect(recordOf(await running, 'turn.ended').outcome).toEqual({ status: 'interrupted' });
  });

  test('kills an agent that does not heed an interrupt, and remembers the conversation', async () => {
    await turn('word', 'The word is "plum".', '!say Noted.');
    const agent = supervisor.agentPid();
    const running = turn('stuck', '!sleep-bash 60', '!say Never.');
    await journalHolds('seq 60');
    process.kill(agent, 'SIGSTOP');
    expect(await interrupt('stuck')).toEqual({ interrupted: true });
    expect(recordOf(await running, 'turn.ended').outcome).toEqual({ status: 'interrupted' });
    const recalled = recordOf(await turn('recall', '!recall "(\\w+)"'), 'turn.ended');
    expect(recalled.answer).toContain('plum');
  });

  test('reports a refusal of the model as a failed turn', async () => {
    const failed = recordOf(await turn('quota', '!fail 429 50'), 'turn.ended');
    expect(failed.outcome).toMatchObject({ status: 'failed', failure: { kind: 'model' } });
  });
});
