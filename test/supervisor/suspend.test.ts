import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JournalRecord, StartRequest } from '../../src/contracts/supervisor.ts';
import { recordOf } from './support/client.ts';
import { Gate } from './support/gate.ts';
import { TestSession } from './support/session.ts';
import { agentProcessesIn, createWorld, type World } from './support/world.ts';

type Suspended = Extract<JournalRecord, { kind: 'turn.suspended' }>;

describe('a turn that is suspended', () => {
  let world: World;
  let session: TestSession;

  beforeAll(async () => {
    world = await createWorld();
    session = await TestSession.begin(world);
  });

  afterAll(async () => {
    await world.close();
  });

  const lines = (gate: Gate): string[] => [
    '!bash echo one >> steps.txt',
    gate.step,
    '!bash echo two >> steps.txt',
    '!say Done.',
  ];

  /** Another sandbox, with what the worker keeps of the first: its transcript and the carried work. */
  const nextGeneration = async (suspended: Suspended, keepTranscript = true): Promise<TestSession> => {
    const { agentSessionId } = suspended;
    const next = await TestSession.prepare(world, session.url);
    const { client } = next.supervisor;
    for (const carried of suspended.carried) {
      if (carried.bytes === 0) continue;
      const { repository } = carried;
      const bundle = await session.bundle(suspended.turnId, repository);
      await client.request('PUT', `/carry?repository=${repository}`, bundle);
    }
    if (keepTranscript) {
      await client.request('PUT', `/transcript?agentSessionId=${agentSessionId}`, await session.transcript());
    }
    const restore: StartRequest['restore'] = {
      from: 'image',
      carried: suspended.carried,
      transcript: agentSessionId === null ? null : { agentSessionId },
      recentMessages: keepTranscript ? [] : [{ role: 'user', text: 'The last one.' }],
    };
    recordOf(await next.start({ generation: 2, restore }), 'start.finished');
    return next;
  };

  let suspended: Suspended;
  let gate: Gate;

  test('stops its agent, carries its work, and says the same to whoever asks again', async () => {
    await session.turn('t0', ['The word is "sloe".', '!say Noted.']);
    gate = new Gate(session.place);
    const running = session.turn('t1', lines(gate));
    await gate.reached();
    await session.transcriptHolds('Bash completed with no output');
    expect(await session.interrupt('t1', { kind: 'suspend' })).toEqual({ interrupted: true });
    suspended = recordOf(await running, 'turn.suspended');
    expect(suspended.carried).toMatchObject([{ repository: 'fruit', uncommittedFiles: 1 }]);
    expect(suspended.totals.costUsd).toBeGreaterThan(0);
    expect(agentProcessesIn(session.place.folder)).toEqual([]);
    const again = await session.turn('t1', lines(gate));
    expect(recordOf(again, 'turn.suspended')).toEqual(suspended);
    expect(await session.steer('t1', { promptId: 'late', text: 'late' })).toEqual({ steered: false });
    expect(await session.interrupt('t1')).toEqual({ interrupted: false });
  });

  test('goes on in the next generation with its files, its conversation and its costs', async () => {
    const next = await nextGeneration(suspended);
    gate.open();
    const steers = [{ promptId: 'meanwhile', text: 'Mind the pears when you go on.' }];
    const followed = await next.turn('t1', lines(gate), { carriedOver: suspended.totals, steers });
    const ended = recordOf(followed, 'turn.ended');
    expect(ended).toMatchObject({ outcome: { status: 'completed' }, answer: 'Done.' });
    expect(next.file('steps.txt')).toBe('one\ntwo\n');
    const [first = ''] = next.modelRequests();
    expect(first).toContain('reached the end of its life');
    expect(first).toContain('Mind the pears');
    expect(first.split('echo one >> steps.txt').length - 1).toBe(2);
    expect(ended.totals.costUsd).toBeGreaterThan(suspended.totals.costUsd);
    const recalled = recordOf(await next.turn('t2', ['!recall "(\\w+)"']), 'turn.ended');
    expect(recalled.answer).toContain('sloe');
  });

  test('is told its prompt again where its conversation could not be restored, and what was lost', async () => {
    const next = await nextGeneration(suspended, false);
    gate.open();
    const ended = recordOf(
      await next.turn('t1', lines(gate), { carriedOver: suspended.totals }),
      'turn.ended',
    );
    expect(ended.answer).toBe('Done.');
    const [first = ''] = next.modelRequests();
    expect(first).toContain('[Harvest] Your own memory of this conversation was lost');
    expect(first).toContain('user: The last one.');
    await next.turn('t2', ['!say Once.']);
    expect((next.modelRequests().at(-1) ?? '').split('memory of this conversation').length - 1).toBe(1);
  });

  test('ends as interrupted when somebody wants that before it is suspended', async () => {
    const other = await TestSession.begin(world);
    const held = new Gate(other.place);
    const running = other.turn('t1', lines(held));
    await held.reached();
    const asked = [other.interrupt('t1', { kind: 'suspend' }), other.interrupt('t1')];
    expect(await Promise.all(asked)).toEqual([{ interrupted: true }, { interrupted: true }]);
    expect(recordOf(await running, 'turn.ended').outcome).toEqual({ status: 'interrupted' });
  });

  test('a limit from outside ends a turn as failed, with its sentence', async () => {
    const other = await TestSession.begin(world);
    const running = other.turn('t1', ['!sleep-bash 60', '!say Never.']);
    await other.journalHolds('seq 60');
    await other.interrupt('t1', { kind: 'limit', message: 'It took too long.' });
    await other.interrupt('t1', { kind: 'suspend' });
    expect(recordOf(await running, 'turn.ended').outcome).toEqual({
      status: 'failed',
      failure: { kind: 'limit', message: 'It took too long.' },
    });
    expect(recordOf(await other.turn('t2', ['!say On.']), 'turn.ended').answer).toBe('On.');
  });

  test('ends as interrupted when somebody asks for that while a limit stops it', async () => {
    const other = await TestSession.begin(world);
    const held = new Gate(other.place);
    const running = other.turn('t1', [held.step, '!say Never.']);
    await held.reached();
    // It cannot end before both have come.
    const agent = other.supervisor.agentPid();
    process.kill(agent, 'SIGSTOP');
    for (const reason of [{ kind: 'limit', message: 'It took too long.' }, { kind: 'requested' }] as const)
      expect(await other.interrupt('t1', reason)).toEqual({ interrupted: true });
    process.kill(agent, 'SIGCONT');
    expect(recordOf(await running, 'turn.ended').outcome).toEqual({ status: 'interrupted' });
  });
});
