/** What is reported of a turn that somebody gives up: its end, where that had come out of the sandbox (I3). */
import { describe, expect, test } from 'vitest';
import { runTurn } from '../../src/activities/turn.ts';
import type { TurnReport } from '../../src/activities/types.ts';
import { turnCheckpointId } from '../../src/contracts/ids.ts';
import type { JournalRecord } from '../../src/contracts/supervisor.ts';
import type { ExecOptions, Sandbox } from '../../src/sandbox/provider.ts';
import { turnInput } from './support/inputs.ts';
import { attemptNumber, depsWith, scriptedSandbox } from './support/scripted-sandbox.ts';
import { storeOfTest } from './support/store-of-test.ts';
import { answers } from './support/supervisor-answers.ts';
import { at, totals, turnEnded, turnSuspended } from './support/turn-records.ts';

const { store } = storeOfTest();

const steered: JournalRecord = { kind: 'turn.steered', at, turnId: 't', promptId: 's1' };

/** The turn's stream brings these records, and then nothing: the line that ends it stays away. */
function unendingStream(records: JournalRecord[]) {
  const scripted = scriptedSandbox(() => answers({ interrupted: false }));
  const sandbox: Sandbox = {
    ...scripted,
    exec: async (argv, options: ExecOptions = {}) => {
      if (!argv.join(' ').includes('/turns')) return scripted.exec(argv, options);
      const aborted = Promise.withResolvers<void>();
      options.signal?.addEventListener('abort', () => aborted.resolve());
      return {
        stdout: (async function* () {
          yield Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
          await aborted.promise;
        })(),
        stderr: async () => '',
        wait: async () => 0,
      };
    },
  };
  return { sandbox, commands: scripted.commands };
}

/** The attempt stops when all that the stream brought is stored. */
async function stopAfter(
  records: JournalRecord[],
  { isCancelled }: { isCancelled: boolean },
): Promise<{ report: Promise<TurnReport>; commands: string[] }> {
  const { sandbox, commands } = unendingStream(records);
  const stop = new AbortController();
  const attempt = { ...attemptNumber(1), signal: stop.signal, cancelRequested: () => isCancelled };
  const report = runTurn(depsWith(store(), sandbox), turnInput, attempt);
  report.catch(() => undefined);
  const bytes = records.reduce((sum, record) => sum + JSON.stringify(record).length + 1, 0);
  await expect.poll(async () => store().journal.cursor('s', 1)).toBe(bytes);
  stop.abort(new Error('stopped'));
  return { report, commands };
}

const interrupts = (commands: readonly string[]): number =>
  commands.filter((command) => command.includes('/interrupt')).length;

describe('a turn that is cancelled', () => {
  test('after its end was stored has ended as the store says', async () => {
    const { report } = await stopAfter([steered, turnEnded({ status: 'completed' })], { isCancelled: true });
    expect(await report).toEqual({
      kind: 'ended',
      outcome: { status: 'completed' },
      answer: 'done',
      totals,
      checkpoint: await store().checkpoints.find('s', turnCheckpointId('t')),
      steered: ['s1'],
    });
  });

  test('after its suspension was stored goes on from there', async () => {
    const { report } = await stopAfter([turnSuspended], { isCancelled: true });
    expect(await report).toMatchObject({
      kind: 'suspended',
      totals: { costUsd: totals.costUsd },
      checkpoint: { checkpointId: 'suspended-t-g1' },
    });
  });

  test('before its end is let go, and is cancelled', async () => {
    const { report, commands } = await stopAfter([steered], { isCancelled: true });
    await expect(report).rejects.toThrow('stopped');
    expect(interrupts(commands)).toBe(1);
  });
});

test('an attempt that only hands over leaves the turn to the next one', async () => {
  const { report, commands } = await stopAfter([steered], { isCancelled: false });
  await expect(report).rejects.toThrow('stopped');
  expect(interrupts(commands)).toBe(0);
});
