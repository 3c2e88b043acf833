/** When a turn is reported as silent, and when a supervisor is given up, in a sandbox whose commands answer as told. */
import { describe, expect, test } from 'vitest';
import { runTurn } from '../../src/activities/turn.ts';
import type { RunTurnInput, TurnReport } from '../../src/activities/types.ts';
import type { JournalRecord, SupervisorStatus } from '../../src/contracts/supervisor.ts';
import { ProviderUnavailable } from '../../src/sandbox/errors.ts';
import type { ExecOptions, Sandbox } from '../../src/sandbox/provider.ts';
import { sessionOf, turnInput } from './support/inputs.ts';
import { attemptNumber, depsWith, scriptedSandbox } from './support/scripted-sandbox.ts';
import { storeOfTest } from './support/store-of-test.ts';
import { answersStatus, dies } from './support/supervisor-answers.ts';
import { totals, turnEnded, turnSuspended } from './support/turn-records.ts';

const { store } = storeOfTest();

const ended = turnEnded({ status: 'completed' });

type Agent = SupervisorStatus['agent'];
type Ping = { agent: Agent; turnId?: string | null } | 'silent' | 'outage';

/** The turn's stream says nothing until `speak`, then it ends with the turn. Pings are answered in order, the last one of all. */
function quietTurn(...answers: Ping[]) {
  const spoken = Promise.withResolvers<JournalRecord>();
  const left = [...answers];
  let pings = 0;
  const ping = () => {
    pings += 1;
    const answer = (left.length > 1 ? left.shift() : left[0]) ?? 'silent';
    if (answer === 'outage') throw new ProviderUnavailable('Modal does not answer');
    if (answer === 'silent') return { code: 28 };
    const { agent, turnId = 't' } = answer;
    return answersStatus({ turnId, agent });
  };
  const scripted = scriptedSandbox(ping);
  const sandbox: Sandbox = {
    ...scripted,
    exec: async (argv, options: ExecOptions = {}) => {
      if (!argv.join(' ').includes('/turns')) return scripted.exec(argv, options);
      const aborted = Promise.withResolvers<null>();
      options.signal?.addEventListener('abort', () => aborted.resolve(null));
      return {
        stdout: (async function* () {
          const record = await Promise.race([spoken.promise, aborted.promise]);
          if (record === null) return;
          const line = `${JSON.stringify(record)}\n`;
          yield Buffer.from(line);
          yield Buffer.from(`${JSON.stringify({ kind: 'stream.end', next: line.length, record })}\n`);
        })(),
        stderr: async () => '',
        wait: async () => 0,
      };
    },
  };
  return { sandbox, speak: spoken.resolve, pings: () => pings };
}

const session = sessionOf();
const input: RunTurnInput = {
  ...turnInput,
  session: { ...session, options: { ...session.options, silenceSeconds: 1 } },
  costUsd: 1,
};

async function run(sandbox: Sandbox): Promise<TurnReport> {
  return runTurn(depsWith(store(), sandbox), input, attemptNumber(1));
}

describe('a turn of which nothing comes', () => {
  test('is reported when its agent says nothing and no tool runs', async () => {
    const { sandbox } = quietTurn({ agent: { quietMs: 1_500, runningTools: 0 } });
    expect(await run(sandbox)).toEqual({ kind: 'agent-silent', quietSeconds: 1 });
  });

  test('goes on while a tool runs in silence, and ends as it ends', async () => {
    const turn = quietTurn({ agent: { quietMs: 60_000, runningTools: 1 } });
    const running = run(turn.sandbox);
    await expect.poll(turn.pings).toBeGreaterThanOrEqual(2);
    turn.speak(ended);
    expect(await running).toMatchObject({ kind: 'ended', answer: 'done', checkpoint: { costUsd: 1.25 } });
  });

  test('goes on while the agent has said something lately, is another turn’s, or none', async () => {
    const turn = quietTurn(
      { agent: { quietMs: 100, runningTools: 0 } },
      { agent: { quietMs: 60_000, runningTools: 0 }, turnId: 'another' },
      { agent: null, turnId: null },
    );
    const running = run(turn.sandbox);
    await expect.poll(turn.pings).toBeGreaterThanOrEqual(4);
    turn.speak(ended);
    expect(await running).toMatchObject({ kind: 'ended' });
  });

  test('has lost its sandbox when the supervisor does not answer several pings in a row', async () => {
    const { sandbox, pings } = quietTurn('silent');
    expect(await run(sandbox)).toMatchObject({
      kind: 'sandbox-lost',
      cause: expect.stringContaining('its supervisor does not answer any more'),
    });
    expect(pings()).toBe(4);
  });

  test('has not, when it is the provider that does not answer', async () => {
    const turn = quietTurn('outage');
    const running = run(turn.sandbox);
    await expect.poll(turn.pings).toBeGreaterThanOrEqual(5);
    turn.speak(ended);
    expect(await running).toMatchObject({ kind: 'ended' });
  });

  test('is not reported by an attempt that has to stop', async () => {
    const { sandbox } = quietTurn({ agent: { quietMs: 60_000, runningTools: 0 } });
    const leaving = new AbortController();
    const attempt = { ...attemptNumber(1), signal: leaving.signal };
    const running = runTurn(depsWith(store(), sandbox), input, attempt);
    leaving.abort(new Error('the worker shuts down'));
    await expect(running).rejects.toThrow();
  });
});

describe('a turn that is suspended', () => {
  test('has a checkpoint of its own, with what the conversation has cost by then', async () => {
    const turn = quietTurn({ agent: null });
    turn.speak(turnSuspended);
    const report = await run(turn.sandbox);
    expect(report).toMatchObject({ kind: 'suspended', totals });
    const saved = await store().checkpoints.find('s', 'suspended-t-g1');
    expect(saved).toMatchObject({ turnId: 't', generation: 1, costUsd: 1.25 });
    expect(report).toMatchObject({ checkpoint: saved });
    expect(await store().events.lastSeq('s')).toBe(0);
  });

  test('is still suspended when its sandbox is lost before anybody heard of it', async () => {
    const turn = quietTurn({ agent: null });
    turn.speak(turnSuspended);
    await run(turn.sandbox);
    const gone = scriptedSandbox(() => dies);
    expect(await run(gone)).toMatchObject({ kind: 'suspended', totals: { costUsd: 0.25 } });
  });
});
