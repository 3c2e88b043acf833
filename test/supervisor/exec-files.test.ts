import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ExecOutcome } from '../../src/contracts/turn.ts';
import { recordOf } from './support/client.ts';
import { TestSession } from './support/session.ts';
import { agentUid, createWorld, type World } from './support/world.ts';

describe('the files of an exec', () => {
  let world: World;
  let session: TestSession;
  let folder: string;

  beforeAll(async () => {
    world = await createWorld();
    session = await TestSession.begin(world, { agent: false });
    folder = join(session.place.workspace, 'fruit');
  });

  afterAll(async () => {
    await world.close();
  });

  const ended = async (
    execId: string,
    files: Record<string, string>,
    more: { argv?: string[]; cwd?: string },
  ) => {
    const list = Object.entries(files).map(([path, content]) => ({ path, content }));
    const { argv = ['touch', `ran-${execId}`], cwd } = more;
    const followed = await session.exec(execId, argv, { files: list, ...(cwd !== undefined && { cwd }) });
    return recordOf(followed, 'exec.ended');
  };

  const refusal = async (execId: string, files: Record<string, string>): Promise<ExecOutcome> => {
    const { outcome } = await ended(execId, files, {});
    expect(readdirSync(folder)).not.toContain(`ran-${execId}`);
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    expect(names.filter((name) => name.includes('.harvest-'))).toEqual([]);
    return outcome;
  };

  test('are there before it runs, with their content, below folders that were missing, as the agent user’s', async () => {
    const content = 'one\n“two”\0three\n\n';
    const absolute = join(session.place.home, 'absolute');
    const files = { 'a.txt': content, 'deep/er/b.txt': '', '-c': 'dash', [absolute]: 'at home' };
    const { outcome, output } = await ended('written', files, {
      argv: ['sh', '-c', 'cat a.txt deep/er/b.txt ./-c'],
      cwd: 'made/for it',
    });
    expect(outcome).toEqual({ status: 'exited', exitCode: 0 });
    expect(output).toBe(`${content}dash`);
    const made = join(folder, 'made/for it');
    expect(readFileSync(join(made, 'a.txt'), 'utf8')).toBe(content);
    expect(readFileSync(absolute, 'utf8')).toBe('at home');
    for (const path of [
      made,
      join(made, 'a.txt'),
      join(made, 'deep/er'),
      join(made, 'deep/er/b.txt'),
      absolute,
    ]) {
      expect(statSync(path)).toMatchObject({ uid: agentUid, gid: agentUid });
    }
    expect(readdirSync(made).toSorted()).toEqual(['-c', 'a.txt', 'deep']);
  });

  test('take the place of files that are there', async () => {
    const { outcome } = await ended('replaced', { 'README.md': 'new' }, { argv: ['true'] });
    expect(outcome).toEqual({ status: 'exited', exitCode: 0 });
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toBe('new');
  });

  test('are named in a sentence when they cannot be written, and the command does not run', async () => {
    expect(await refusal('below-file', { 'README.md/below': '' })).toEqual({
      status: 'failed',
      message: expect.stringMatching(
        /^the file README\.md\/below could not be written: .*(Not a directory|File exists)/,
      ),
    });
    await ended('folder', {}, { argv: ['mkdir', '-p', 'taken'] });
    expect(await refusal('onto-folder', { 'fine.txt': '', taken: 'x' })).toEqual({
      status: 'failed',
      message: expect.stringMatching(/^the file taken could not be written: .*cannot overwrite directory/),
    });
    // Not moved into the folder either.
    expect(readdirSync(join(folder, 'taken'))).toEqual([]);
    const foreign = join(session.place.workspace, 'foreign');
    mkdirSync(foreign);
    expect(await refusal('foreign', { [join(foreign, 'file')]: '' })).toEqual({
      status: 'failed',
      message: expect.stringMatching(
        /^the file \/.*\/foreign\/file could not be written: .*Permission denied/,
      ),
    });
  });

  test('name the folder in which the command was to run when that cannot be made', async () => {
    writeFileSync(join(folder, 'plain'), '');
    const { outcome } = await ended('no-folder', { file: '' }, { cwd: 'plain/below' });
    expect(outcome).toEqual({
      status: 'failed',
      message: expect.stringMatching(/^the folder \/.*\/plain\/below could not be written: /),
    });
  });
});
