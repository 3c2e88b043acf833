import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import {
  BuildFailed,
  BuildNotFound,
  HarvestClosed,
  InvalidRequest,
  RepositorySetNotFound,
} from '../../src/client.ts';
import type { SessionEvent } from '../../src/client.ts';
import type { EventBody } from '../../src/contracts/events.ts';
import { failureTypes } from '../../src/contracts/failures.ts';
import { buildStandOfFile } from './support/build-stand.ts';

const stand = buildStandOfFile();

async function register(setId: string): Promise<void> {
  const repository = { url: `https://example.com/${setId}.git` };
  await stand().harvest.repositories.register({ setId, repository });
}

async function typesOf(events: AsyncIterable<SessionEvent>): Promise<string[]> {
  return Array.fromAsync(events, ({ type }) => type);
}

function started(setId: string, number: number): EventBody {
  return { type: 'build.started', data: { setId, number, reason: 'asked' } };
}

const cloning: EventBody = { type: 'build.step-started', data: { name: 'clone' } };
const finished: EventBody = { type: 'build.finished', data: { state: 'current', imageId: 'im-1' } };
const failed: EventBody = {
  type: 'build.finished',
  data: { state: 'failed', imageId: null, message: 'npm ci ended with 1' },
};

/** The first build of a set that is registered now, at its first step. */
async function begun(setId: string) {
  await register(setId);
  const building = stand().harvest.buildImage(setId);
  await building.accepted;
  const number = await stand().begin(setId);
  await stand().tell({ setId, number }, started(setId, number), cloning);
  return { building, number };
}

test('a build is followed as it goes, and awaited to its result', async () => {
  const setId = 'fruit';
  await stand().withWorker(async () => {
    await register(setId);
    const building = stand().harvest.buildImage(setId);
    await building.accepted;
    const seen: string[] = [];
    const following = (async () => {
      for await (const { type } of building) seen.push(type);
    })();
    // Nobody knows its number yet.
    const number = await stand().begin(setId);
    await stand().tell({ setId, number }, started(setId, number), cloning);
    await expect.poll(() => seen).toEqual(['build.started', 'build.step-started']);
    await stand().tell({ setId, number }, finished);
    await following;
    expect(seen.at(-1)).toBe('build.finished');
    const result = { kind: 'built', number, state: 'current', imageId: 'im-1' } as const;
    await stand().end(setId, result);
    expect(await building).toEqual(result);
    expect(await typesOf(building)).toEqual(seen);
  });
});

test('a build that runs is attached to, and the next one is another', async () => {
  const setId = 'nuts';
  await stand().withWorker(async () => {
    const { building, number } = await begun(setId);
    const again = stand().harvest.buildImage(setId, { force: true });
    const askedLate = stand().harvest.buildImage(setId);
    await Promise.all([again.accepted, askedLate.accepted]);
    await stand().tell({ setId, number }, finished);
    const result = { kind: 'built', number, state: 'current', imageId: 'im-1' } as const;
    await stand().end(setId, result);
    expect(await building).toEqual(result);
    expect(await again).toEqual(result);

    const next = stand().harvest.buildImage(setId, { force: true });
    await next.accepted;
    await stand().end(setId, { kind: 'kept', reason: 'asked was' });
    expect(await next).toEqual({ kind: 'kept', reason: 'asked was {"setId":"nuts","force":true}' });
    expect(await typesOf(next)).toEqual([]);
    // Each belongs to the run that it met.
    expect(await askedLate).toEqual(result);
    expect((await typesOf(askedLate)).at(-1)).toBe('build.finished');
  });
});

test('without a worker a build is accepted, and whoever waits for it goes on waiting', async () => {
  const setId = 'melons';
  await register(setId);
  await using patient = await stand().connect({ answerSeconds: 1 });
  const building = patient.buildImage(setId);
  await building.accepted;
  const following = typesOf(building);
  const waiting = building.then((result) => result);
  // Longer than a request may go without an answer.
  await sleep(3_000);
  await stand().withWorker(async () => {
    const number = await stand().begin(setId);
    await stand().tell({ setId, number }, finished);
    expect(await following).toEqual(['build.finished']);
    await stand().end(setId, { kind: 'built', number, state: 'current', imageId: 'im-1' });
    expect(await waiting).toMatchObject({ number });
  });
});

test('a build that fails rejects with a sentence; its log says so itself', async () => {
  const setId = 'pears';
  await stand().withWorker(async () => {
    const { building, number } = await begun(setId);
    await stand().tell({ setId, number }, failed);
    const failure = { type: failureTypes.buildFailed, message: 'npm ci ended with 1' };
    await stand().end(setId, { failure });
    await expect(building).rejects.toThrow(BuildFailed);
    await expect(building).rejects.toThrow(
      'No image of repository set "pears" was built: npm ci ended with 1.',
    );
    expect((await typesOf(building)).at(-1)).toBe('build.finished');
  });
});

test('a build that somebody ended rejects what awaits and what follows it', async () => {
  const setId = 'plums';
  const { building } = await stand().withWorker(async () => {
    const building = await begun(setId);
    await stand().workflow(setId).terminate('enough');
    await expect(building.building).rejects.toThrow(BuildFailed);
    await expect(typesOf(building.building)).rejects.toThrow(/was ended/);
    return building;
  });
  // Afterwards, and without a worker, the log is what there is.
  await expect(building).rejects.toThrow(BuildFailed);
  expect(await typesOf(stand().harvest.buildLog(setId, 1))).toEqual(['build.started', 'build.step-started']);
});

test('what was removed while it was built is told as unknown', async () => {
  const setId = 'figs';
  await stand().withWorker(async () => {
    await register(setId);
    const building = stand().harvest.buildImage(setId);
    await building.accepted;
    await stand().end(setId, { failure: { type: failureTypes.setNotFound, message: 'removed' } });
    await expect(building).rejects.toThrow(RepositorySetNotFound);
  });
});

test('a set that is not registered starts nothing', async () => {
  const building = stand().harvest.buildImage('nobody');
  await expect(building.accepted).rejects.toThrow(RepositorySetNotFound);
  await expect(building).rejects.toThrow('There is no repository set "nobody": register it first.');
  await expect(typesOf(building)).rejects.toThrow(RepositorySetNotFound);
  await expect(stand().workflow('nobody').describe()).rejects.toThrow(/not found/i);
  expect(() => stand().harvest.buildImage('No Such Id!')).toThrow(InvalidRequest);
});

test('a log is read afterwards, from where somebody was cut off, also when its set was removed', async () => {
  const setId = 'dates';
  const { harvest } = stand();
  await stand().withWorker(async () => {
    const { number } = await begun(setId);
    const following = typesOf(harvest.buildLog(setId, number, { after: 1 }));
    await stand().tell({ setId, number }, finished);
    expect(await following).toEqual(['build.step-started', 'build.finished']);
    await stand().end(setId, { kind: 'built', number, state: 'current', imageId: 'im-1' });
  });
  await harvest.repositories.remove(setId);
  expect(await typesOf(harvest.buildLog(setId, 1))).toEqual([
    'build.started',
    'build.step-started',
    'build.finished',
  ]);
  expect(await typesOf(harvest.buildLog(setId, 1, { after: 3 }))).toEqual([]);
  await expect(typesOf(harvest.buildLog(setId, 2))).rejects.toThrow(BuildNotFound);
  await expect(typesOf(harvest.buildLog(setId, 2))).rejects.toThrow('Repository set "dates" has no build 2.');
  expect(() => harvest.buildLog('No Such Id!', 1)).toThrow(InvalidRequest);
});

test('the log of a build that a newer one follows is over, whatever is missing in it', async () => {
  const setId = 'limes';
  await stand().withWorker(async () => {
    await begun(setId);
    await stand().workflow(setId).terminate('enough');
    const next = stand().harvest.buildImage(setId);
    await next.accepted;
    await stand().begin(setId);
    expect(await typesOf(stand().harvest.buildLog(setId, 1))).toEqual([
      'build.started',
      'build.step-started',
    ]);
    await stand().end(setId, { kind: 'kept', reason: '' });
    await next;
  });
});

test('closing a Harvest ends what waits on a build, and the build goes on', async () => {
  const setId = 'kiwis';
  await stand().withWorker(async () => {
    await begun(setId);
    const other = await stand().connect();
    const building = other.buildImage(setId);
    await building.accepted;
    const waiting = expect(building).rejects.toThrow(HarvestClosed);
    const following = expect(typesOf(building)).rejects.toThrow(HarvestClosed);
    const log = expect(typesOf(other.buildLog(setId, 1))).rejects.toThrow(HarvestClosed);
    await other.close();
    await Promise.all([waiting, following, log]);
    await expect(other.listSessions()).rejects.toThrow(HarvestClosed);
    expect((await stand().workflow(setId).describe()).status.name).toBe('RUNNING');
    await stand().end(setId, { kind: 'kept', reason: '' });
  });
});
