import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordOf } from './support/client.ts';
import { Gate } from './support/gate.ts';
import { TestSession } from './support/session.ts';
import { createWorld, type World } from './support/world.ts';

const steer = (promptId: string, text: string) => ({ promptId, text });

describe('what is said into a running turn', () => {
  let world: World;
  let session: TestSession;

  beforeAll(async () => {
    world = await createWorld();
    session = await TestSession.begin(world);
  });

  afterAll(async () => {
    await world.close();
  });

  /** How often the last request to the model holds it. */
  const timesAsked = (text: string): number => (session.modelRequests().at(-1) ?? '').split(text).length - 1;

  test('is refused, to be repeated, before the turn has begun', async () => {
    expect(await session.steer('t1', steer('s0', 'too early'))).toMatchObject({ error: 'unknown' });
  });

  test('is told once, however often it is asked for, and its answer is the turn’s', async () => {
    const gate = new Gate(session.place, 'one');
    const running = session.turn('t1', [gate.step, '!bash echo never', '!say Never.']);
    await gate.reached();
    const said = steer('s1', 'Now this instead.\n!bash echo steered >> steered.txt\n!say Steered.');
    const both = await Promise.all([session.steer('t1', said), session.steer('t1', said)]);
    expect(both).toEqual([{ steered: true }, { steered: true }]);
    gate.open();
    const ended = recordOf(await running, 'turn.ended');
    expect(ended).toMatchObject({ outcome: { status: 'completed' }, answer: 'Steered.' });
    expect(session.file('steered.txt')).toBe('steered\n');
    expect(timesAsked('Now this instead.')).toBe(1);
    expect(await session.records('turn.steered')).toMatchObject([{ turnId: 't1', promptId: 's1' }]);
    expect(await session.steer('t1', said)).toEqual({ steered: true });
    expect(await session.steer('t1', steer('s2', 'too late'))).toEqual({ steered: false });
    expect(await session.records('turn.steered')).toHaveLength(1);
    expect(await session.journal()).not.toContain('too late');
  });

  test('is told one after the other while a tool runs, and each stands in the transcript by itself', async () => {
    const gate = new Gate(session.place, 'two');
    const running = session.turn('t2', [gate.step, '!say Never.']);
    await gate.reached();
    await session.steer('t2', steer('s3', 'The word is "medlar".'));
    await session.steer('t2', steer('s4', '!recall "(\\w+)"'));
    gate.open();
    expect(recordOf(await running, 'turn.ended').answer).toContain('medlar');
    expect(timesAsked('The word is')).toBe(1);
  });

  test('never ends a turn early: whatever is answered with true has its answer', async () => {
    const running = session.turn('t3', ['!say Quick.']);
    const told: string[] = [];
    for (let tries = 0; tries < 20 && told.length < 3; tries += 1) {
      const text = `Also ${tries}.`;
      const answer = JSON.stringify(await session.steer('t3', steer(`quick-${tries}`, `!say ${text}`)));
      if (answer === '{"steered":true}') told.push(text);
      if (answer === '{"steered":false}') break;
    }
    const ended = recordOf(await running, 'turn.ended');
    expect(ended.outcome).toEqual({ status: 'completed' });
    expect(ended.answer).toBe(told.at(-1) ?? 'Quick.');
    for (const text of told) expect(timesAsked(text)).toBe(1);
  });

  test('comes with the prompt when it is known before the turn begins', async () => {
    const steers = [steer('s5', '!say Both.')];
    const ended = recordOf(await session.turn('t4', ['Some prompt.'], { steers }), 'turn.ended');
    expect(ended.answer).toBe('Both.');
    expect(await session.steer('t4', steer('s5', '!say Both.'))).toEqual({ steered: true });
  });

  test('is told to the next agent when the one that should hear it was killed, and not twice', async () => {
    const gate = new Gate(session.place, 'five');
    const lines = [gate.step, '!say Never.'];
    const running = session.turn('t5', lines);
    await gate.reached();
    await session.steer('t5', steer('s6', 'Hold this.'));
    process.kill(session.supervisor.agentPid(), 'SIGKILL');
    recordOf(await running, 'turn.lost');
    // Nobody runs it just now, and it is not over.
    expect(await session.steer('t5', steer('s7', '!say Held.'))).toEqual({ steered: true });
    gate.open();
    const steers = [steer('s6', 'Hold this.'), steer('s7', '!say Held.')];
    const continued = await session.turn('t5', lines, { continuation: 1, steers });
    expect(recordOf(continued, 'turn.ended').answer).toBe('Held.');
    expect(timesAsked('Hold this.')).toBe(1);
    expect(timesAsked('!say Held.')).toBe(1);
  });

  test('does not keep a turn from being interrupted', async () => {
    const gate = new Gate(session.place, 'six');
    const running = session.turn('t6', [gate.step, '!say Never.']);
    await gate.reached();
    await session.steer('t6', steer('s8', '!bash echo no >> unheard.txt\n!say Never.'));
    expect(await session.interrupt('t6')).toEqual({ interrupted: true });
    expect(await session.steer('t6', steer('s9', '!say Never.'))).toEqual({ steered: false });
    gate.open();
    expect(recordOf(await running, 'turn.ended').outcome).toEqual({ status: 'interrupted' });
    expect(() => session.file('unheard.txt')).toThrow('ENOENT');
    expect(recordOf(await session.turn('t7', ['!say On.']), 'turn.ended').answer).toBe('On.');
  });
});
