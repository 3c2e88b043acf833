import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordOf } from './support/client.ts';
import { Gate } from './support/gate.ts';
import { TestSession } from './support/session.ts';
import { agentProcessesIn, createWorld, type World } from './support/world.ts';

/** Each step of it but the gate leaves its mark in the file. */
function stepsWith(gate: Gate): string[] {
  return ['!bash echo one >> steps.txt', gate.step, '!bash echo two >> steps.txt', '!say Done.'];
}

describe('the supervisor, when its agent or itself has died,', () => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld();
  });

  afterAll(async () => {
    await world.close();
  });

  test('loses a turn once with its agent, and finishes it when the workflow continues it', async () => {
    const session = await TestSession.begin(world);
    const gate = new Gate(session.place);
    const steps = stepsWith(gate);
    const running = session.turn('t1', steps);
    await gate.reached();
    await session.transcriptHolds('Bash completed with no output');
    process.kill(session.supervisor.agentPid(), 'SIGKILL');
    const lost = recordOf(await running, 'turn.lost');
    expect(lost).toMatchObject({ turnId: 't1', cause: 'agent-died', losses: 1 });
    expect(lost.message).toContain('SIGKILL');
    expect(agentProcessesIn(session.place.folder)).toEqual([]);

    const again = recordOf(await session.turn('t1', steps), 'turn.lost');
    expect(again).toEqual(lost);
    gate.open();
    const ended = recordOf(await session.turn('t1', steps, { continuation: 1 }), 'turn.ended');
    expect(ended).toMatchObject({ outcome: { status: 'completed' }, answer: 'Done.' });
    expect(session.file('steps.txt')).toBe('one\ntwo\n');
    expect(await session.records('turn.lost')).toHaveLength(1);
    expect(await session.records('turn.ended')).toHaveLength(1);
  });

  test('tells an agent the whole prompt again when it died before it had read it', async () => {
    const session = await TestSession.begin(world);
    const gate = new Gate(session.place);
    const steps = stepsWith(gate);
    gate.open();
    const running = session.turn('t1', steps);
    const { client } = session.supervisor;
    await expect.poll(async () => (await client.status()).turnId, { interval: 1 }).toBe('t1');
    process.kill(session.supervisor.agentPid(), 'SIGKILL');
    // Whether it had heard anything of the turn by then, only it knew: then the turn was lost, else it goes on by itself.
    const first = await running;
    const isLost = first.end?.record?.kind === 'turn.lost';
    const last = isLost ? await session.turn('t1', steps, { continuation: 1 }) : first;
    expect(recordOf(last, 'turn.ended').answer).toBe('Done.');
    expect(session.file('steps.txt')).toBe('one\ntwo\n');
  });

  test('loses nothing with an agent that died between turns, however late that is noticed', async () => {
    const session = await TestSession.begin(world);
    await session.turn('t1', ['!say Hello.']);
    // The supervisor learns of the death only after it has sent the prompt.
    session.supervisor.process.kill('SIGSTOP');
    const running = session.turnWithoutStatus('t2', ['!bash echo once >> once.txt', '!say Done.']);
    process.kill(session.supervisor.agentPid(), 'SIGKILL');
    session.supervisor.process.kill('SIGCONT');
    expect(recordOf(await running, 'turn.ended').answer).toBe('Done.');
    expect(session.file('once.txt')).toBe('once\n');
  });

  test('starts a new agent for the next turn when one died between turns, with all it knew', async () => {
    const session = await TestSession.begin(world);
    await session.turn('t1', ['The word is "quince".', '!say Noted.']);
    const agent = session.supervisor.agentPid();
    process.kill(agent, 'SIGKILL');
    await expect.poll(() => session.supervisor.hasAgent()).toBe(false);
    const ended = recordOf(await session.turn('t2', ['!recall "(\\w+)"']), 'turn.ended');
    expect(ended.answer).toContain('quince');
    expect(await session.records('turn.lost')).toEqual([]);
  });

  test('ends what a killed supervisor left behind before it says that the turn was lost', async () => {
    const session = await TestSession.begin(world);
    const gate = new Gate(session.place);
    const steps = stepsWith(gate);
    const cut = session.turn('t1', steps);
    await gate.reached();
    await session.transcriptHolds('Bash completed with no output');
    // The agent and the tool it runs.
    await expect.poll(() => agentProcessesIn(session.place.folder).length).toBeGreaterThan(1);
    await session.supervisor.crash();
    expect((await cut).end).toBeNull();
    expect(agentProcessesIn(session.place.folder).length).toBeGreaterThan(1);

    session.supervisor = await session.place.start();
    expect(agentProcessesIn(session.place.folder)).toEqual([]);
    expect(await session.supervisor.client.status()).toMatchObject({
      started: false,
      generation: 1,
      turnId: null,
    });
    expect((await session.turn('t1', steps)).error).toBe('not-started');
    const started = await session.start();
    recordOf(started, 'start.finished');
    expect(started.records.filter(({ kind }) => kind === 'event')).toEqual([]);
    const lost = recordOf(await session.turn('t1', steps), 'turn.lost');
    expect(lost).toMatchObject({ cause: 'supervisor-died', losses: 1 });
    gate.open();
    const ended = recordOf(await session.turn('t1', steps, { continuation: 1 }), 'turn.ended');
    expect(ended.answer).toBe('Done.');
    expect(session.file('steps.txt')).toBe('one\ntwo\n');
    expect(await session.records('turn.lost')).toHaveLength(1);
  });

  test('remembers everything after a second death, also what came after an agent that was left alone for a while', async () => {
    const session = await TestSession.begin(world);
    const crash = async (turnId: string, during: (gate: Gate) => Promise<void>): Promise<string> => {
      const gate = new Gate(session.place, turnId);
      const steps = [`The word of ${turnId} is "quince-${turnId}".`, gate.step, '!say Done.'];
      const cut = session.turn(turnId, steps);
      await gate.reached();
      await session.supervisor.crash();
      await cut;
      await during(gate);
      session.supervisor = await session.place.start();
      recordOf(await session.start(), 'start.finished');
      recordOf(await session.turn(turnId, steps), 'turn.lost');
      gate.open();
      return recordOf(await session.turn(turnId, steps, { continuation: 1 }), 'turn.ended').answer;
    };
    // It ends its tool, finds no model, and notes where its conversation stands.
    await crash('first', async (gate) => {
      gate.open();
      await session.transcriptHolds('"type":"last-prompt"');
      await session.transcriptHolds('api_error');
    });
    await session.turn('between', ['The word of between is "medlar".', '!say Noted.']);
    await crash('second', async () => undefined);
    const newest = session.modelRequests().at(-1);
    for (const word of ['quince-first', 'medlar', 'quince-second']) expect(newest).toContain(word);
  });

  test('brings the transcript out of the sandbox whole, although the agent was killed in the middle', async () => {
    const session = await TestSession.begin(world);
    const gate = new Gate(session.place);
    const lines = ['!bash true', gate.step, '!say Done.'];
    const running = session.turn('t1', lines);
    await gate.reached();
    await session.transcriptHolds('Bash completed with no output');
    process.kill(session.supervisor.agentPid(), 'SIGKILL');
    await running;
    gate.open();
    const ended = await session.turn('t1', lines, { continuation: 1 });
    const { agentSessionId } = recordOf(ended, 'turn.ended');
    const entries = (await session.records('transcript')).flatMap((record) =>
      record.kind === 'transcript' && record.batch.agentSessionId === agentSessionId
        ? record.batch.entries
        : [],
    );
    const ids = entries.flatMap(({ uuid }) => uuid ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { parentUuid } of entries as { parentUuid?: string | null }[]) {
      if (typeof parentUuid === 'string') expect(ids).toContain(parentUuid);
    }
  });

  test('continues a turn whose agent is silent in a new agent', async () => {
    const session = await TestSession.begin(world);
    const running = session.turn('t1', ['!bash echo one >> steps.txt', '!hang 1', '!say Done.']);
    await session.journalHolds('tool.finished');
    await session.transcriptHolds('Bash completed with no output');
    // The model hangs once: only when it does is the agent silent.
    await session.modelAskedFor('Bash completed with no output');
    const silent = session.supervisor.agentPid();
    const continued = session.turn('t1', ['!bash echo one >> steps.txt', '!hang 1', '!say Done.'], {
      continuation: 1,
    });
    expect(recordOf(await running, 'turn.lost')).toMatchObject({ cause: 'agent-died', losses: 1 });
    expect(recordOf(await continued, 'turn.ended').answer).toBe('Done.');
    expect(session.supervisor.agentPid()).not.toBe(silent);
    expect(session.file('steps.txt')).toBe('one\n');
  });

  test('refuses to continue a turn that was not lost so often', async () => {
    const session = await TestSession.begin(world);
    recordOf(await session.turn('t1', ['!say Hello.']), 'turn.ended');
    const gate = new Gate(session.place);
    const lines = [gate.step, '!say Done.'];
    const running = session.turn('t2', lines);
    await gate.reached();
    expect((await session.turn('t2', lines, { continuation: 2 })).error).toBe('conflict');
    gate.open();
    recordOf(await running, 'turn.ended');
  });
});
