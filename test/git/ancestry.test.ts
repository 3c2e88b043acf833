/** The repository may lie in every way it can; the bytes of the commits cannot. */
import { access, chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readAncestry } from '../../src/git/ancestry.ts';
import { makePlace, makeRemote, type Place } from './support/repositories.ts';

let place: Place;
let clone: string;
/** A commit of others on top of `main`, and one of the agent's beside it. */
let foreign: string;
let mine: string;

beforeEach(async () => {
  place = await makePlace();
  const remote = await makeRemote(place);
  clone = join(await place.folder(), 'project');
  await place.git('/', 'clone', '--quiet', `file://${remote}`, clone);
  foreign = await commitOn('main', 'Theirs');
  mine = await commitOn('main', 'Mine');
});
afterEach(async () => {
  await place[Symbol.asyncDispose]();
});

async function commitOn(parent: string, message: string): Promise<string> {
  const made = await place.git(clone, 'commit-tree', '-p', parent, '-m', message, `${parent}^{tree}`);
  return made.trim();
}

const ask = (ancestor: string, descendant: string, directory = clone): Promise<string> =>
  readAncestry(place.run, { directory, ancestor, descendant });

/** An object under a name that is not its own. */
async function forge(name: string, content: string): Promise<void> {
  const folder = join(clone, '.git/objects', name.slice(0, 2));
  await mkdir(folder, { recursive: true });
  const path = join(folder, name.slice(2));
  await chmod(path, 0o644).catch(() => undefined);
  await writeFile(path, deflateSync(Buffer.from(`commit ${content.length}\0${content}`, 'latin1')));
}

describe('an honest repository', () => {
  test('has a commit in its own history, in that of its children and through a merge', async () => {
    const merge = await place.git(
      clone,
      'commit-tree',
      '-p',
      mine,
      '-p',
      foreign,
      '-m',
      'ä\n\nparent',
      `${mine}^{tree}`,
    );
    const child = await commitOn(merge.trim(), 'Child');
    expect(await Promise.all([mine, merge.trim(), child].map((name) => ask(mine, name)))).toEqual(
      Array.from({ length: 3 }, () => 'contained'),
    );
    expect(await ask(foreign, child)).toBe('contained');
    expect(await ask(mine, foreign)).toBe('not-contained');
    expect(await ask(child, mine)).toBe('not-contained');
  });

  test('says so of a commit that it does not have', async () => {
    expect(await ask(mine, 'a'.repeat(40))).toBe('unknown-commit');
    expect(await ask('a'.repeat(40), mine)).toBe('not-contained');
    expect(await ask(mine, `${mine}0`.slice(1))).toBe('unknown-commit');
    expect(await ask(mine, foreign, '/nonexistent')).toBe('unknown-commit');
  });

  test('that is shallow still shows what it holds', async () => {
    const shallow = join(await place.folder(), 'shallow');
    await place.git('/', 'clone', '--quiet', '--depth=1', `file://${clone}`, shallow);
    const top = (await place.git(shallow, 'rev-parse', 'HEAD')).trim();
    await place.git(shallow, 'commit', '--quiet', '--allow-empty', '-m', 'More');
    const more = (await place.git(shallow, 'rev-parse', 'HEAD')).trim();
    expect(await ask(top, more, shallow)).toBe('contained');
    const below = (await place.git(clone, 'rev-parse', `${top}^`)).trim();
    expect(await ask(below, top, shallow)).toBe('contained');
  });

  test('with ids of SHA-256 is read too', async () => {
    const other = await place.folder();
    await place.git(other, 'init', '--quiet', '--object-format=sha256');
    for (const message of ['One', 'Two']) {
      await place.git(other, 'commit', '--quiet', '--allow-empty', '-m', message);
    }
    const [two = '', one = ''] = (await place.git(other, 'rev-list', 'HEAD')).split('\n');
    expect([await ask(one, two, other), await ask(two, one, other)]).toEqual(['contained', 'not-contained']);
  });
});

describe('a history longer than is followed', () => {
  /** `count` commits, one on top of the other, the first one on `main`. */
  async function chain(count: number): Promise<string> {
    const stream = Array.from({ length: count }, (_, at) => {
      const from = at === 0 ? 'from refs/heads/main^0\n' : '';
      return `commit refs/heads/long\ncommitter Ada <ada@example.org> ${1_764_000_000 + at} +0000\ndata 0\n${from}\n`;
    });
    const made = await place.run(['-C', clone, 'fast-import', '--quiet'], { stdin: stream.join('') });
    expect(made.stderr).toBe('');
    return (await place.git(clone, 'rev-parse', 'long')).trim();
  }

  test('is said to be so, and up to there it is followed', async () => {
    const top = await chain(20_001);
    const main = (await place.git(clone, 'rev-parse', 'main')).trim();
    const first = (await place.git(clone, 'rev-parse', 'long~20000')).trim();
    expect(await ask(main, top)).toBe('too-far');
    expect(await ask(first, top)).toBe('contained');
    expect(await ask(foreign, top)).toBe('not-contained');
  });
});

describe('a repository that lies about its history is not believed', () => {
  const isFaked = async (descendant = mine): Promise<boolean> =>
    (await place.git(clone, 'rev-list', descendant)).includes(foreign);

  test('by a replaced commit', async () => {
    await place.git(clone, 'replace', '--graft', mine, foreign);
    expect(await isFaked()).toBe(true);
    expect(await ask(foreign, mine)).toBe('not-contained');
  });

  test('by a graft', async () => {
    await writeFile(join(clone, '.git/info/grafts'), `${mine} ${foreign}\n`);
    expect(await isFaked()).toBe(true);
    expect(await ask(foreign, mine)).toBe('not-contained');
  });

  test('by an object under another one’s name', async () => {
    const content = await place.git(clone, 'cat-file', 'commit', mine);
    await forge(mine, content.replace(/^parent .*$/m, `parent ${foreign}`));
    expect(await isFaked()).toBe(true);
    expect(await ask(foreign, mine)).toBe('unknown-commit');
  });

  test('by an object in between under another one’s name', async () => {
    const child = await commitOn(mine, 'Child');
    const content = await place.git(clone, 'cat-file', 'commit', mine);
    await forge(mine, content.replace(/^parent .*$/m, `parent ${foreign}`));
    expect(await isFaked(child)).toBe(true);
    expect(await ask(foreign, child)).toBe('not-contained');
  });

  test('by a commit graph that was made of a lie', async () => {
    const content = await place.git(clone, 'cat-file', 'commit', mine);
    const lie = content.replace(/^parent .*$/m, `parent ${foreign}`);
    await place.git(clone, 'update-ref', 'refs/heads/mine', mine);
    await forge(mine, lie);
    await place.git(clone, 'commit-graph', 'write', '--reachable');
    await forge(mine, content);
    const child = await commitOn(mine, 'Child');
    expect(await isFaked(child)).toBe(true);
    expect(await ask(foreign, child)).toBe('not-contained');
  });

  test('by a message that looks like a parent', async () => {
    const words = `tree ${'1'.repeat(40)}\nparent ${foreign}\n`;
    const made = await place.git(clone, 'commit-tree', '-p', 'main', '-m', words, 'main^{tree}');
    expect(await ask(foreign, made.trim())).toBe('not-contained');
  });

  test('by programs in its configuration, which do not run', async () => {
    await place.git(clone, 'config', 'alias.rev-list', `!echo ${mine}`);
    await place.git(clone, 'config', 'core.fsmonitor', 'touch ran');
    await place.git(clone, 'config', 'core.alternateRefsCommand', 'touch ran');
    expect(await ask(foreign, mine)).toBe('not-contained');
    await expect(access(join(clone, 'ran'))).rejects.toThrow('ENOENT');
  });
});
