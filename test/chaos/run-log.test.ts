import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { campaignKey } from '../../chaos/campaign-key.ts';
import { parseOptions } from '../../chaos/options.ts';
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

test('a campaign goes on with what it has played, and another one in the same file begins anew', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'runs.jsonl');
  const quiet = record({});
  const struck = record({
    aim: fault === undefined ? null : { fault, points: [point.name] },
    reached: [],
    struck: [point],
    violations: [{ check: 'nothing left', sentence: 'left behind: a sandbox' }],
  });
  const first = await RunLog.open(file, 'one');
  expect(first.known(setting)).toEqual([]);
  for (const played of [quiet, struck]) await first.add(setting, played);
  const again = await RunLog.open(file, 'one');
  expect(again.known(setting)).toMatchObject([quiet, struck]);
  expect(again.known(otherSetting)).toEqual([]);
  const another = await RunLog.open(file, 'another');
  expect(another.known(setting)).toEqual([]);
});

test('what a campaign took is added up over its parts, and no other campaign’s', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'runs.jsonl');
  const hour = 60;
  await (await RunLog.open(file, 'one')).add(setting, record({}));
  const [line = ''] = (await readFile(file, 'utf8')).split('\n');
  const { minutes, ...rest }: Record<string, unknown> = z.looseObject({}).parse(JSON.parse(line));
  expect(minutes).toBeLessThan(hour);
  await appendFile(file, `${JSON.stringify({ ...rest, minutes: hour })}\n`);
  const again = await RunLog.open(file, 'one');
  expect(again.tookMinutes).toBeGreaterThanOrEqual(hour);
  expect(again.tookMinutes).toBeLessThan(2 * hour);
  expect((await RunLog.open(file, 'another')).tookMinutes).toBeLessThan(hour);
});

test('a last line that was cut off is passed over, and the next run has a line of its own', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'runs.jsonl');
  const log = await RunLog.open(file, 'one');
  await log.add(setting, record({ run: 'whole' }));
  const line = await readFile(file, 'utf8');
  await appendFile(file, line.slice(0, 40));
  const torn = await RunLog.open(file, 'one');
  expect(torn.known(setting)).toHaveLength(1);
  await torn.add(setting, record({ run: 'next' }));
  const runs = (await RunLog.open(file, 'one')).known(setting).map(({ run }) => run);
  expect(runs).toEqual(['whole', 'next']);
});

test('what cannot be read is not taken for no log, nor is another file', async () => {
  await using folder = await temporaryFolder();
  await expect(RunLog.open(folder.path, 'one')).rejects.toThrow('EISDIR');
  const file = join(folder.path, 'other.jsonl');
  await writeFile(file, '{"some":"thing"}\n');
  await expect(RunLog.open(file, 'one')).rejects.toThrow(/line 1 is no run of this harness/);
});

test('without a file nothing is kept', async () => {
  const log = await RunLog.open(undefined, 'one');
  await log.add(setting, record({}));
  expect(log.known(setting)).toEqual([]);
});

test('another seed, other faults and other sources are another campaign', async () => {
  await using folder = await temporaryFolder();
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder.path, path)), { recursive: true });
    await writeFile(join(folder.path, path), text);
  };
  for (const path of ['src/a.ts', 'src/room/b.ts', 'chaos/c.ts', 'package-lock.json']) await write(path, '1');
  const key = async (args: readonly string[]): Promise<string> => {
    const options = parseOptions(['--seed', '1', ...args]);
    if (options === 'help') throw new Error('not asked for');
    return campaignKey(folder.path, options);
  };
  const one = await key([]);
  expect(await key(['--parallel', '2', '--minutes', '5', '--write'])).toBe(one);
  expect(await key(['--seed', '2'])).not.toBe(one);
  expect(await key(['--only', 'worker-kill'])).not.toBe(one);
  expect(await key(['--points', '3'])).not.toBe(one);
  for (const path of ['src/room/b.ts', 'chaos/c.ts', 'package-lock.json']) {
    await write(path, '2');
    expect(await key([]), path).not.toBe(one);
    await write(path, '1');
    expect(await key([]), path).toBe(one);
  }
});
