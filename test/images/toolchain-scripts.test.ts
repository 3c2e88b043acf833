/** The scripts as a build runs them, with the packages of the registry that npm is configured for. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installFromNpm, linkFirstEnvironment, probeVersions } from '../../src/images/toolchain-scripts.ts';

const run = promisify(execFile);
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'harvest-toolchain-'));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

const shell = async (script: string, args: string[], path?: string): Promise<string> => {
  const PATH = path === undefined ? process.env['PATH'] : `${path}:${process.env['PATH']}`;
  const env = { ...process.env, PATH, TMPDIR: root };
  return (await run('sh', ['-c', script, 'sh', ...args], { env })).stdout;
};
const bin = () => join(root, 'bin');

describe('a toolchain', () => {
  test('has exactly the Node and the package managers that were asked for', async () => {
    // What an attempt before left.
    await mkdir(join(root, 'tools/node/node_modules'), { recursive: true });
    await writeFile(join(root, 'tools/node/node_modules/junk'), '');
    await shell(installFromNpm, [root, 'node', 'node-linux-', '20.19.6', 'node', 'bin/node']);
    await shell(installFromNpm, [root, 'pnpm', 'pnpm', '9.15.9']);
    await shell(installFromNpm, [root, 'yarn', '@yarnpkg/cli-dist', '4.12.0', 'other', 'bin/yarn.js']);
    expect((await readdir(bin())).toSorted()).toEqual(['node', 'other', 'pnpm', 'pnpx', 'yarn', 'yarnpkg']);
    expect((await readdir(root)).toSorted()).toEqual(['bin', 'tools']);
    const wanted = ['node', 'v20.19.6', 'node', 'pnpm', '9.15.9', 'pnpm'];
    const probed = await shell(probeVersions, [...wanted, 'other', '4.12.0', 'yarn'], bin());
    expect(probed).toBe('node: v20.19.6\npnpm: 9.15.9\nyarn: 4.12.0\n');
  });

  test('is refused when it has another version, or does not run', async () => {
    await expect(shell(probeVersions, ['node', 'v20.19.5', 'node'], bin())).rejects.toMatchObject({
      stderr: 'node: node is v20.19.6 instead of v20.19.5\n',
    });
    await expect(shell(probeVersions, ['no-such-tool', '1', 'tool'], bin())).rejects.toMatchObject({
      stderr: expect.stringContaining('tool: no-such-tool does not run\n') as string,
    });
  });

  test('that npm does not have is a failure', async () => {
    await expect(shell(installFromNpm, [root, 'pnpm', 'pnpm', '0.0.0-none'])).rejects.toMatchObject({
      code: 1,
    });
  });
});

test('the first virtual environment may be made later, and is linked anew', async () => {
  const environments = join(root, 'venv');
  for (const name of ['shop', 'api']) {
    await shell(linkFirstEnvironment, [environments, name]);
    expect(await readlink(join(environments, '.first'))).toBe(name);
  }
});
