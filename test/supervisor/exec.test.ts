import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventsOf, recordOf, type Followed } from './support/client.ts';
import { Gate } from './support/gate.ts';
import { TestSession } from './support/session.ts';
import { agentProcessesIn, agentUid, commandOf, createWorld, type World } from './support/world.ts';

const outputOf = (followed: Followed, stream: 'stdout' | 'stderr'): string =>
  eventsOf(followed, 'exec.output')
    .filter((event) => event.stream === stream)
    .map(({ text }) => text)
    .join('');

describe('exec', () => {
  let world: World;
  let session: TestSession;

  beforeAll(async () => {
    world = await createWorld();
    session = await TestSession.begin(world, { environment: { FRUIT: 'fig' } });
  });

  afterAll(async () => {
    await world.close();
  });

  test('runs as the agent user in the first repository, with the variables of the session', async () => {
    const followed = await session.exec('e1', [
      'sh',
      '-c',
      'id -u; id -G; pwd; echo $FRUIT; echo oh >&2; exit 3',
    ]);
    const { repositories } = { repositories: `${session.place.workspace}/fruit` };
    expect(outputOf(followed, 'stdout')).toBe(`${agentUid}\n${agentUid}\n${repositories}\nfig\n`);
    expect(outputOf(followed, 'stderr')).toBe('oh\n');
    const ended = recordOf(followed, 'exec.ended');
    expect(ended.outcome).toEqual({ status: 'exited', exitCode: 3 });
    expect(ended.output).toContain('fig\n');
    expect(eventsOf(followed, 'exec.started')).toMatchObject([{ execId: 'e1', cwd: repositories }]);
    // The worker makes the one `exec.finished` of the event log from this record.
    expect(followed.records.filter(({ kind }) => kind === 'exec.ended')).toEqual([ended]);
    expect(eventsOf(followed, 'exec.finished')).toEqual([]);
  });

  test('runs once, however often it is asked for, and replays what came', async () => {
    const argv = ['sh', '-c', 'echo line >> execs.txt; sleep 1; echo said'];
    const both = await Promise.all([session.exec('once', argv), session.exec('once', argv)]);
    const later = await session.exec('once', argv, { from: 0 });
    for (const followed of [...both, later]) {
      expect(recordOf(followed, 'exec.ended').output).toBe('said\n');
    }
    expect(outputOf(later, 'stdout')).toContain('said\n');
    expect(session.file('execs.txt')).toBe('line\n');
  });

  test('ends a command that takes too long, with all it started', async () => {
    const argv = ['sh', '-c', 'setsid sleep 100 & (trap "" TERM; sleep 100) & echo started; wait'];
    const ended = recordOf(await session.exec('slow', argv, { timeoutSeconds: 1 }), 'exec.ended');
    expect(ended).toMatchObject({ outcome: { status: 'timed-out' }, output: 'started\n' });
    // The agent's own processes are none of it.
    const commands = agentProcessesIn(session.place.folder).map(commandOf);
    expect(commands.filter((command) => command.includes('sleep'))).toEqual([]);
  });

  test('ends with its command, not with what that left in the background', async () => {
    const followed = await session.exec('background', ['sh', '-c', 'sleep 100 & echo $!'], {
      timeoutSeconds: 30,
    });
    const ended = recordOf(followed, 'exec.ended');
    expect(ended.outcome).toEqual({ status: 'exited', exitCode: 0 });
    process.kill(Number(ended.output), 'SIGKILL');
  });

  test('reports a signal as a signal, never as success', async () => {
    const ended = recordOf(await session.exec('killed', ['sh', '-c', 'kill -KILL $$']), 'exec.ended');
    expect(ended.outcome).toEqual({ status: 'signalled', signal: 'SIGKILL' });
  });

  test('says in a sentence that a program or folder does not exist', async () => {
    const program = recordOf(await session.exec('none', ['no-such-program']), 'exec.ended');
    expect(program.outcome).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('no-such-program'),
    });
    const folder = recordOf(await session.exec('nowhere', ['true'], { cwd: 'no/such/folder' }), 'exec.ended');
    expect(folder.outcome).toMatchObject({ status: 'failed' });
  });

  test('says in a sentence what no process can be given, and goes on', async () => {
    const nul = recordOf(await session.exec('nul', ['echo', 'a\0b']), 'exec.ended');
    expect(nul.outcome).toMatchObject({ status: 'failed', message: expect.stringContaining('null bytes') });
    const long = recordOf(await session.exec('long', ['true', 'x'.repeat(300_000)]), 'exec.ended');
    expect(long.outcome).toMatchObject({ status: 'failed' });
    expect((await session.supervisor.client.status()).started).toBe(true);
  });

  test('keeps every byte of much output in events that the event log takes, and its end as the answer', async () => {
    const followed = await session.exec('much', ['seq', '1', '200000']);
    const text = outputOf(followed, 'stdout');
    const whole = Array.from({ length: 200_000 }, (_, index) => `${index + 1}\n`).join('');
    expect(text === whole).toBe(true);
    for (const { text: piece } of eventsOf(followed, 'exec.output')) {
      expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(64 * 1024);
    }
    const { output } = recordOf(followed, 'exec.ended');
    expect(whole.endsWith(output)).toBe(true);
    expect(output.length).toBe(4_096);
  });

  test('runs beside a turn', async () => {
    const gate = new Gate(session.place);
    const turn = session.turn('t1', [gate.step, '!say Done.']);
    await gate.reached();
    const ended = recordOf(await session.exec('beside', ['echo', 'beside']), 'exec.ended');
    expect(ended.output).toBe('beside\n');
    gate.open();
    expect(recordOf(await turn, 'turn.ended').answer).toBe('Done.');
  });

  test('is lost, not run again, when the supervisor dies under it', async () => {
    const cut = session.exec('lost', ['sh', '-c', 'echo ran >> lost.txt; sleep 100']);
    await session.journalHolds('"execId":"lost"');
    await expect.poll(() => session.file('lost.txt')).toBe('ran\n');
    await session.supervisor.crash();
    expect((await cut).end).toBeNull();
    session.supervisor = await session.place.start();
    expect(agentProcessesIn(session.place.folder)).toEqual([]);
    recordOf(await session.start(), 'start.finished');
    const ended = recordOf(
      await session.exec('lost', ['sh', '-c', 'echo ran >> lost.txt; sleep 100']),
      'exec.ended',
    );
    expect(ended.outcome).toMatchObject({ status: 'lost' });
    const ends = await session.records('exec.ended');
    expect(ends.filter((record) => record.kind === 'exec.ended' && record.execId === 'lost')).toEqual([
      ended,
    ]);
    expect(await session.journal()).not.toContain('exec.finished');
    expect(session.file('lost.txt')).toBe('ran\n');
  });
});
