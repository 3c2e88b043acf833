import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RunLog } from '../../chaos/run-log.ts';
import type { RunRecord } from '../../chaos/run/run-options.ts';
import { settings } from '../../chaos/setting.ts';
import type { Setting } from '../../chaos/setting.ts';
import { temporaryFolder } from '../store/temporary-folder.ts';

const [setting, otherSetting] = settings as [Setting, Setting];
const [fault] = setting.faults;
const point = {
  name: 'pause/step:begins#1',
  kind: 'step',
  what: 'begins',
  step: 'pause',
  state: 'idle',
  sandboxAlive: true,
} as const;

function record(changes: Partial<RunRecord>): RunRecord {
  return {
    run: 'r',
    aim: null,
    reached: [point],
    struck: [],
    stepMs: new Map([['pause', 5]]),
    durationMs: 7,
    violations: [],
    details: [],
    ...changes,
  };
}

test('a campaign goes on with what it has played, and another seed begins anew', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'runs.jsonl');
  const quiet = record({});
  const struck = record({
    aim: fault === undefined ? null : { fault, points: [point.name] },
    reached: [],
    struck: [point],
    violations: [{ check: 'nothing left', sentence: 'left behind: a sandbox' }],
  });
  const first = await RunLog.open(file, 1);
  expect(first.known(setting)).toEqual([]);
  for (const played of [quiet, struck]) await first.add(setting, played);
  const again = await RunLog.open(file, 1);
  expect(again.known(setting)).toMatchObject([quiet, struck]);
  expect(again.known(otherSetting)).toEqual([]);
  expect(again.minutes).toBeGreaterThan(0);
  expect((await RunLog.open(file, 2)).known(setting)).toEqual([]);
});

test('without a file nothing is kept', async () => {
  const log = await RunLog.open(undefined, 1);
  await log.add(setting, record({}));
  expect(log.known(setting)).toEqual([]);
});
