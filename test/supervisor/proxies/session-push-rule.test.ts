import { mkdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PushRule } from '../../../src/git/push-rule.ts';
import { sessionPushRule } from '../../../src/supervisor/proxies/session-push-rule.ts';
import { parseSettings } from '../../../src/supervisor/settings.ts';
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
function startRule(): PushRule {
  const { uid, gid } = userInfo();
  const folders = ['--state', state, '--workspace', workspace, '--agent-home', place.path];
  const settings = parseSettings([...folders, '--agent-uid', `${uid}`, '--agent-gid', `${gid}`]);
  return sessionPushRule(settings, 'harvest/s1');
}

const update = (before: string, after: string, ref = own) => ({
  repository: 'project',
  command: { ref, before, after },
});

test('the session’s repository is asked, as the agent user', async () => {
  const rule = startRule();
  const { base, mine, theirs } = commits;
  expect(await rule.refusalOf(update(base, mine))).toBeNull();
  expect(await rule.refusalOf(update(theirs, mine))).toContain('fetch, rebase onto it');
  expect(await rule.refusalOf({ ...update(base, mine), repository: 'absent' })).toBe(
    `the commit is not in ${workspace}/absent: fetch and push from ${workspace}/absent, or push to a new branch below harvest/`,
  );
});

test('a supervisor that comes after knows what was pushed before', async () => {
  const { base, mine, theirs } = commits;
  startRule().confirmed?.(update(none, mine));
  const next = startRule();
  expect(await next.refusalOf(update(mine, theirs))).toBeNull();
  next.confirmed?.(update(mine, theirs));
  const last = startRule();
  expect(await last.refusalOf(update(mine, base))).not.toBeNull();
  expect(await last.refusalOf(update(theirs, base))).toBeNull();
});

test('what is known of one repository says nothing of another', async () => {
  const rule = startRule();
  const { mine, theirs } = commits;
  rule.confirmed?.({ ...update(none, mine), repository: 'project-two' });
  expect(await rule.refusalOf(update(mine, theirs))).not.toBeNull();
});
