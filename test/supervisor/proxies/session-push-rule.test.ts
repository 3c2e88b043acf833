import { execFileSync } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SessionPushRule } from '../../../src/git/push-rule.ts';
import type { GitRunner } from '../../../src/git/runner.ts';
import { createSessionPushRule, sessionPushRule } from '../../../src/supervisor/proxies/session-push-rule.ts';
import { createGitRunner } from '../../../src/supervisor/repositories/git-runner.ts';
import { parseSettings, type Settings } from '../../../src/supervisor/settings.ts';
import { makePlace, makeRemote, type Place } from '../../git/support/repositories.ts';

const none = '0'.repeat(40);
const own = 'refs/heads/harvest/s1';
let place: Place;
let state: string;
let workspace: string;
let commits: { base: string; mine: string; theirs: string };

beforeEach(async () => {
  place = await makePlace();
  [state, workspace] = [join(place.path, 'state'), join(place.path, 'workspace')];
  await mkdir(state);
  const clone = join(workspace, 'project');
  await place.git('/', 'clone', '--quiet', await makeRemote(place), clone);
  const make = async (message: string): Promise<string> =>
    (await place.git(clone, 'commit-tree', '-p', 'HEAD', '-m', message, 'HEAD^{tree}')).trim();
  const base = (await place.git(clone, 'rev-parse', 'HEAD')).trim();
  commits = { base, mine: await make('Mine'), theirs: await make('Theirs') };
});
afterEach(async () => {
  await place[Symbol.asyncDispose]();
});

/** As a supervisor makes it when it starts. */
function startRule(): SessionPushRule {
  return sessionPushRule(settingsOf(), 'harvest/s1', directoryOf);
}

function settingsOf(): Settings {
  const { uid, gid } = userInfo();
  const folders = ['--state', state, '--agent-home', place.path];
  return parseSettings([...folders, '--agent-uid', `${uid}`, '--agent-gid', `${gid}`]);
}

const directoryOf = (repository: string): string => join(workspace, repository);

type Update = { before: string; after: string; ref?: string };

const updateOf = ({ before, after, ref = own }: Update) => ({
  repository: 'project',
  command: { ref, before, after },
});

const pushOf = (...updates: Update[]) => ({
  repository: 'project',
  commands: updates.map((update) => updateOf(update).command),
});

const forward = (): Update => ({ before: commits.base, after: commits.mine });
const overwriting = (): Update => ({ before: commits.theirs, after: commits.mine });

test('the session’s repository is asked, as the agent user', async () => {
  const rule = startRule();
  expect(await rule.refusalOf(pushOf(forward()))).toBeNull();
  expect(await rule.refusalOf(pushOf(overwriting()))).toEqual({
    ref: own,
    reason: expect.stringContaining('fetch, rebase onto it') as string,
  });
  expect(await rule.refusalOf({ ...pushOf(forward()), repository: 'absent' })).toEqual({
    ref: own,
    reason: `the commit is not in ${workspace}/absent: fetch and push from ${workspace}/absent, or push to a new branch below harvest/`,
  });
});

test('a supervisor that comes after knows what was pushed before', async () => {
  const { base, mine, theirs } = commits;
  startRule().confirmed(updateOf({ before: none, after: mine }));
  const next = startRule();
  expect(await next.refusalOf(pushOf({ before: mine, after: theirs }))).toBeNull();
  next.confirmed(updateOf({ before: mine, after: theirs }));
  const last = startRule();
  expect(await last.refusalOf(pushOf({ before: mine, after: base }))).not.toBeNull();
  expect(await last.refusalOf(pushOf({ before: theirs, after: base }))).toBeNull();
});

test('what is known of one repository says nothing of another', async () => {
  const rule = startRule();
  const { mine, theirs } = commits;
  rule.confirmed({ ...updateOf({ before: none, after: mine }), repository: 'project-two' });
  expect(await rule.refusalOf(pushOf({ before: mine, after: theirs }))).not.toBeNull();
});

describe('what a push may cost', () => {
  /** Counts what git is asked. */
  function countingRule(): { rule: SessionPushRule; asked: () => number } {
    let asked = 0;
    const run: GitRunner = async (args, options) => {
      asked += 1;
      return place.run(args, options);
    };
    return { rule: ruleWith(run), asked: () => asked };
  }

  const ruleWith = (run: GitRunner): SessionPushRule =>
    createSessionPushRule({
      ownBranch: 'harvest/s1',
      directoryOf,
      run,
      ledger: new Map(),
      keep: () => undefined,
    });

  const boundedRule = (timeoutMs: number, settings = settingsOf()): SessionPushRule => {
    const env = { PATH: settings.agentPath, HOME: settings.agentHome };
    return ruleWith(createGitRunner(settings, env, { name: 'push', timeoutMs, mostBytes: 1_000_000 }));
  };

  const branches = (count: number): Update[] =>
    Array.from({ length: count }, (_, at) => ({ ...forward(), ref: `refs/heads/harvest/b${at}` }));

  test('ten branches that are moved are all looked at, and an eleventh none', async () => {
    const ten = countingRule();
    expect(await ten.rule.refusalOf(pushOf(...branches(10)))).toBeNull();
    expect(ten.asked()).toBe(20);
    const eleven = countingRule();
    expect(await eleven.rule.refusalOf(pushOf(...branches(11)))).toEqual({
      ref: 'refs/heads/harvest/b10',
      reason: 'more than 10 branches of this push need their histories compared: push fewer at once',
    });
    expect(eleven.asked()).toBe(0);
  });

  test('new branches need no look, however many', async () => {
    const { rule, asked } = countingRule();
    const made = branches(50).map((branch) => ({ ...branch, before: none }));
    expect([await rule.refusalOf(pushOf(...made)), asked()]).toEqual([null, 0]);
  });

  test('after the first refusal nothing more is looked at', async () => {
    const { rule, asked } = countingRule();
    const [first, second, third] = branches(3);
    if (first === undefined || second === undefined || third === undefined) throw new Error('three branches');
    const refusal = await rule.refusalOf(pushOf(first, { ...second, before: commits.theirs }, third));
    expect(refusal?.ref).toBe('refs/heads/harvest/b1');
    expect(asked()).toBe(4);
  });

  test('what is refused without a look is so before any', async () => {
    const { rule, asked } = countingRule();
    const main = { ...forward(), ref: 'refs/heads/main' };
    expect((await rule.refusalOf(pushOf(...branches(3), main)))?.ref).toBe('refs/heads/main');
    expect(asked()).toBe(0);
  });

  test('a look that takes too long is ended, and the sentence says what to do', async () => {
    const config = join(workspace, 'project/.git/config');
    await rm(config);
    execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', config]);
    expect(await boundedRule(1_000).refusalOf(pushOf(forward()))).toEqual({
      ref: own,
      reason: `the histories in ${workspace}/project take too long to compare: push in smaller steps, or push to a new branch below harvest/`,
    });
    // Nobody reads the pipe any more.
    expect(() => openSync(config, constants.O_WRONLY | constants.O_NONBLOCK)).toThrow('ENXIO');
  });

  test('git that cannot be run is no verdict', async () => {
    const rule = boundedRule(60_000, { ...settingsOf(), agentPath: join(state, 'nothing') });
    await expect(rule.refusalOf(pushOf(forward()))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
