import { expect, test } from 'vitest';
import { saysLockfileIsOutOfDate } from '../../src/images/lockfile-refusal.ts';

test.each([
  [
    'npm',
    'npm error code EUSAGE\nnpm error\nnpm error `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync.',
  ],
  ['npm, cut', 'npm error [-w|--workspace]\nnpm error\nnpm error Run "npm help ci" for more info'],
  ['pnpm', ' ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with "frozen-lockfile"'],
  ['yarn 1', 'error Your lockfile needs to be updated, but yarn was run with `--frozen-lockfile`.'],
  [
    'yarn',
    '➤ YN0028: │ The lockfile would have been modified by this install, which is explicitly forbidden.',
  ],
  ['bun', 'error: lockfile had changes, but lockfile is frozen'],
  ['uv', 'error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided.'],
  ['Poetry', 'pyproject.toml changed significantly since poetry.lock was last generated. Run `poetry lock`'],
])('%s says that its lockfile is out of date', (_manager, output) => {
  expect(saysLockfileIsOutOfDate(output)).toBe(true);
});

test.each([
  ['a registry that is away', 'npm error code ECONNREFUSED\nnpm error network request failed'],
  ['a version that is not there', 'npm error code ETARGET\nnpm error notarget No matching version found'],
  ['a script that fails', 'npm error code 1\nnpm error command failed: node-gyp rebuild'],
  ['nothing', ''],
])('%s is no word about the lockfile', (_what, output) => {
  expect(saysLockfileIsOutOfDate(output)).toBe(false);
});
