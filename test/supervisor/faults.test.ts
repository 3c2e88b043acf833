import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventsOf, recordOf, type Followed } from './support/client.ts';
import { Gate } from './support/gate.ts';
import { TestSession } from './support/session.ts';
import { agentProcessesIn, createWorld, type World } from './support/world.ts';

/** Into the standard output of another process, by a copy of its descriptor (pidfd_open, pidfd_getfd). */
const writeAs = `
  my $process = syscall(434, $ARGV[0] + 0, 0);
  my $descriptor = syscall(438, $process, 1, 0);
  die "no descriptor: $!" if $descriptor < 0;
  open(my $output, ">&=", $descriptor) or die;
  syswrite($output, $ARGV[1]);
`;

describe('a turn whose agent misbehaves', () => {
  let world: World;
  let session: TestSession;

  beforeAll(async () => {
    world = await createWorld();
    session = await TestSession.begin(world, { environment: { CLAUDE_CODE_MAX_RETRIES: '3' } });
  });

  afterAll(async () => {
    await world.close();
  });

  /** Runs the turn up to its gate, does that to the agent there, and continues the turn that was lost by it. */
  const loseAndContinue = async (turnId: string, fault: (pid: number) => void): Promise<Followed> => {
    const gate = new Gate(session.place, turnId);
    const file = `${turnId}.txt`;
    const lines = [`!bash echo one >> ${file}`, gate.step, `!bash echo two >> ${file}`, '!say Done.'];
    const running = session.turn(turnId, lines);
    await gate.reached();
    await session.transcriptHolds(`${turnId}-reached`);
    fault(session.supervisor.agentPid());
    const lost = recordOf(await running, 'turn.lost');
    expect(lost).toMatchObject({ turnId, cause: 'agent-died', losses: 1 });
    expect(agentProcessesIn(session.place.folder)).toEqual([]);
    gate.open();
    const continued = await session.turn(turnId, lines, { continuation: 1 });
    expect(recordOf(continued, 'turn.ended')).toMatchObject({
      outcome: { status: 'completed' },
      answer: 'Done.',
    });
    expect(session.file(file)).toBe('one\ntwo\n');
    return continued;
  };

  test('that something else than the supervisor interrupted is lost once and continued', async () => {
    await loseAndContinue('signal', (pid) => process.kill(pid, 'SIGINT'));
  });

  test('that writes what is no message is lost once and continued', async () => {
    await loseAndContinue('garbage', (pid) => {
      execFileSync('/usr/bin/perl', ['-e', writeAs, `${pid}`, 'no JSON at all\nnull\n']);
    });
  });

  test('that is stopped shows as quiet, and is replaced when the workflow wants it', async () => {
    const lines = ['!bash echo one >> stopped.txt; echo hangs-behind', '!hang 1', '!say Done.'];
    const running = session.turn('stopped', lines);
    await session.transcriptHolds('"content":"hangs-behind"');
    await session.modelAskedFor('"content":"hangs-behind"');
    expect(await session.state()).toMatchObject({ runningTools: 0 });
    process.kill(session.supervisor.agentPid(), 'SIGSTOP');
    await expect
      .poll(async () => (await session.state())?.quietMs, { timeout: 60_000 })
      .toBeGreaterThan(1_500);
    const continued = session.turn('stopped', lines, { continuation: 1 });
    expect(recordOf(await running, 'turn.lost').message).toContain('silent');
    expect(recordOf(await continued, 'turn.ended').answer).toBe('Done.');
    expect(session.file('stopped.txt')).toBe('one\n');
    expect(session.modelRequests().at(-1)).toContain('nothing was heard from you');
    expect(await session.state()).toBeNull();
  });

  test('that waits for a tool is not silent', async () => {
    const gate = new Gate(session.place, 'tool');
    const running = session.turn('tool', [gate.step, '!say Done.']);
    await gate.reached();
    expect(await session.state()).toMatchObject({ runningTools: 1 });
    gate.open();
    recordOf(await running, 'turn.ended');
  });

  test('bears a model that refuses, fails and breaks off, and says so', async () => {
    const lines = [
      '!fail 429',
      '!bash echo a',
      '!fail 529',
      '!bash echo b',
      '!fail 500',
      '!bash echo c',
      '!cut',
      '!say Borne.',
    ];
    const followed = await session.turn('model', lines);
    expect(recordOf(followed, 'turn.ended')).toMatchObject({
      outcome: { status: 'completed' },
      answer: 'Borne.',
    });
    expect(eventsOf(followed, 'agent.retrying').length).toBeGreaterThanOrEqual(3);
    expect(JSON.stringify(await session.records('turn.lost'))).not.toContain('"model"');
  });
});
