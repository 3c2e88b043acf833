/** Whatever comes in whatever order: no illegal state, no prompt lost or doubled, no wait that nothing would end. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canExec } from '../../src/workflows/beside-the-loop.ts';
import { clocksOf } from '../../src/workflows/clocks.ts';
import { begunTurn, nextStep } from '../../src/workflows/decisions.ts';
import { sessionDataSchema } from '../../src/workflows/session-data.ts';
import type { Outcome, TurnEnding } from './support/driven-loop.ts';
import { SessionDriver } from './support/session-driver.ts';

type Act = { says: string; on: (driver: SessionDriver) => void };

const act = (says: string, on: Act['on']): Act => ({ says, on });

const promptId = fc.integer({ min: 0, max: 30 }).map((number) => `p${number}`);
const mode = fc.constantFrom('queue', 'steer', 'interrupt');
const outcomes = fc.constantFrom<Outcome>(
  ...Array.from({ length: 10 }, () => 'well' as const),
  'lost',
  'failed',
);
const endings = fc.constantFrom<TurnEnding>(
  'completed',
  'completed',
  'completed',
  'failed',
  'lost',
  'unstarted',
  'agent-died',
  'silent',
  'abandoned',
  'not-run',
);

const messages = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(promptId, mode)
      .map(([id, how]) => act(`${how} ${id}`, (driver) => driver.prompt({ id, text: id, mode: how }))),
  },
  { weight: 1, arbitrary: promptId.map((id) => act(`cancel ${id}`, (driver) => driver.cancel(id))) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('interrupt', 'pause', 'pause and interrupt', 'resume', 'checkpoint')
      .map((what) => act(what, (driver) => driver.ask(what))),
  },
  {
    weight: 1,
    arbitrary: promptId.map((id) =>
      act(`exec ${id}`, (driver) => driver.exec({ id, argv: ['true'], timeoutSeconds: 1 })),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('turn-p0', 'turn-p1')
      .map((id) => act(`rewind ${id}`, (driver) => driver.rewind(id))),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(null, 0.5, 2, 100)
      .map((usd) => act(`budget ${usd}`, (driver) => driver.budget(usd))),
  },
);

const happenings = fc.oneof(
  { weight: 6, arbitrary: fc.constant(act('begin', (driver) => driver.begin())) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(outcomes, endings)
      .map(([outcome, ending]) =>
        act(`finish ${outcome} ${ending}`, (driver) => driver.finish(outcome, ending)),
      ),
  },
  { weight: 1, arbitrary: fc.constant(act('clock', (driver) => driver.clock())) },
  { weight: 1, arbitrary: fc.constant(act('start exec', (driver) => driver.startExec())) },
  {
    weight: 1,
    arbitrary: fc.boolean().map((lost) => act(`end exec ${lost}`, (driver) => driver.endExec(lost))),
  },
  { weight: 2, arbitrary: fc.boolean().map((late) => act(`steer ${late}`, (driver) => driver.steer(late))) },
);

const acts = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: messages },
    { weight: 20, arbitrary: happenings },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(1, 100, 1_000)
        .map((seconds) => act(`${seconds} s pass`, (driver) => driver.pass(seconds))),
    },
  ),
  { maxLength: 120 },
);
const story = fc
  .record({ budgetUsd: fc.constantFrom(undefined, 0.5, 1), acts })
  .map(({ budgetUsd, acts: what }) => ({
    budgetUsd,
    acts: what,
    toString: () => what.map(({ says }) => says).join(', '),
  }));

function play(
  { budgetUsd, acts: what }: { budgetUsd: number | undefined; acts: Act[] },
  after: (driver: SessionDriver) => void,
): SessionDriver {
  const driver = new SessionDriver(budgetUsd === undefined ? {} : { budgetUsd });
  for (const { on } of what) {
    on(driver);
    driver.store();
    after(driver);
  }
  return driver;
}

/** Lets everything that is under way or due happen, at most so often. */
function settle(driver: SessionDriver): void {
  for (let steps = 0; steps < 500 && !driver.closed; steps += 1) {
    driver.begin();
    driver.steer(false);
    driver.finish('well', 'completed');
    driver.endExec(false);
    driver.startExec();
    driver.store();
  }
}

const runs = { numRuns: 3_000 };

describe('whatever comes in whatever order', () => {
  test('the state stays one that can be, and can be carried on', () => {
    fc.assert(
      fc.property(story, (told) => {
        play(told, ({ run, step }) => {
          const { data } = run;
          const { status } = data.phase;
          // A lost sandbox is replaced, or paused without, at once.
          if ((status === 'idle' || status === 'running') && data.sandbox === null)
            expect(nextStep(data, run.runningExecs.size).do).not.toBe('wait');
          if (status === 'paused' || status === 'closed' || status === 'starting')
            expect(data.sandbox).toBeNull();
          if (status === 'running' && step?.do === 'turn') expect(data.queue[0]?.id).toBe(step.prompt.id);
          if (status === 'closed') expect(data.queue).toEqual([]);
          // Only the turn at the head has begun, and only it is steered.
          for (const waiting of data.queue.slice(1)) expect(waiting).toMatchObject({ steers: [] });
          expect(data.queue.slice(1).filter(({ startedAt }) => startedAt !== undefined)).toEqual([]);
          expect((data.pausedAt !== null) === (status === 'paused')).toBe(true);
          expect(data.spentUsd).toBeGreaterThanOrEqual(0);
          expect(sessionDataSchema.parse(JSON.parse(JSON.stringify(data)))).toEqual(
            JSON.parse(JSON.stringify(data)),
          );
        });
      }),
      runs,
    );
  });

  test('every prompt that was taken is in one place, and ends exactly once', () => {
    fc.assert(
      fc.property(story, (told) => {
        const driver = play(told, ({ run, accepted, ends }) => {
          const places = run.data.queue.flatMap((queued) => [
            queued.id,
            ...queued.steers.map((said) => said.promptId),
          ]);
          expect(new Set(places).size).toBe(places.length);
          for (const id of accepted) expect([id, places.includes(id) || ends.has(id)]).toEqual([id, true]);
        });
        driver.terminate(false);
        settle(driver);
        expect(driver.closed).toBe(true);
        expect([...driver.accepted].map((id) => [id, driver.ends.get(id)])).toEqual(
          [...driver.accepted].map((id) => [id, 1]),
        );
        expect(driver.ends.size).toBe(driver.accepted.size);
      }),
      runs,
    );
  });

  test('no wait is left that nothing would end, and no clock acts for ever', () => {
    fc.assert(
      fc.property(story, (told) => {
        play(told, (driver) => {
          const { run, step } = driver;
          const { data } = run;
          const isWaiting =
            step === null && nextStep(data, run.runningExecs.size).do === 'wait' && !driver.closed;
          const clocks = clocksOf(data, run.input.options, run.runningExecs.size);
          // A command that may begin begins at once.
          const goesOn = run.runningExecs.size > 0 || (data.pendingExecs.length > 0 && canExec(run));
          if (isWaiting && !goesOn) expect(Object.values(clocks).some((atMs) => atMs !== null)).toBe(true);
          const isUnused = run.runningExecs.size === 0 && data.pendingExecs.length === 0;
          if (isWaiting && isUnused && data.phase.status === 'idle') expect(clocks.pausesAt).not.toBeNull();
          if (data.phase.status === 'paused' && data.asked.close === 'no')
            expect(clocks.closesAt).not.toBeNull();
          if (data.phase.status === 'running' && begunTurn(data)?.overTime === false)
            expect(clocks.turnEndsAt).not.toBeNull();
        });
      }),
      runs,
    );
    fc.assert(
      fc.property(story, (told) => {
        const driver = play(told, () => undefined);
        // Each act takes its clock away, or sets it later: nothing else has happened meanwhile.
        const seen = new Set<string>();
        for (let clock = driver.nextClock(); clock !== null; clock = driver.nextClock()) {
          const key = `${clock.name} ${clock.atMs}`;
          expect(seen).not.toContain(key);
          seen.add(key);
          driver.clock();
        }
      }),
      runs,
    );
  });
});
