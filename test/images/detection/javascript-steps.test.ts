import { expect, test } from 'vitest';
import { commands, detect, manifest, type Files } from './detect.ts';

const locks: Files = {
  'npm@10.9.9': 'package-lock.json',
  'pnpm@9.15.9': 'pnpm-lock.yaml',
  'yarn@1.22.22': 'yarn.lock',
  'yarn@4.18.1': 'yarn.lock',
  'bun@1.4.5': 'bun.lock',
};

type InstallCase = { field: string; frozen: string; unfrozen: string; without: string; writes: string[] };

const installs: InstallCase[] = [
  {
    field: 'npm@10.9.9',
    frozen: 'npm ci --no-audit --no-fund',
    unfrozen: 'npm install --no-save --no-audit --no-fund',
    without: 'npm install --no-package-lock --no-audit --no-fund',
    writes: [],
  },
  {
    field: 'pnpm@9.15.9',
    frozen: 'pnpm install --frozen-lockfile',
    unfrozen: 'pnpm install --no-frozen-lockfile',
    without: 'pnpm install --no-lockfile',
    writes: ['pnpm-lock.yaml'],
  },
  {
    field: 'yarn@1.22.22',
    frozen: 'yarn install --frozen-lockfile --non-interactive',
    unfrozen: 'yarn install --pure-lockfile --non-interactive',
    without: 'yarn install --no-lockfile --non-interactive',
    writes: [],
  },
  {
    field: 'yarn@4.18.1',
    frozen: 'yarn install --immutable',
    unfrozen: 'yarn install --no-immutable',
    without: 'yarn install --no-immutable',
    writes: ['yarn.lock'],
  },
  {
    field: 'bun@1.4.5',
    frozen: 'bun install --frozen-lockfile',
    unfrozen: 'bun install --no-save',
    without: 'bun install --no-save',
    writes: [],
  },
];

test.each(installs)('$field installs frozen with a lockfile, and has another way', (expected) => {
  const files = { 'package.json': manifest({ packageManager: expected.field }) };
  const [install] = detect({ ...files, [locks[expected.field] ?? '']: '' }).steps;
  expect(install?.argv.join(' ')).toBe(expected.frozen);
  expect(install?.unfrozenArgv?.join(' ')).toBe(expected.unfrozen);
  expect(install?.putBack).toEqual(expected.writes);
  expect(install?.onFailure).toBe('fail');
  const [loose] = detect(files).steps;
  expect(loose?.argv.join(' ')).toBe(expected.without);
  expect(loose?.unfrozenArgv).toBeNull();
});

const scripts: { name: string; scripts: unknown; build: string[]; test: string[] }[] = [
  { name: 'none', scripts: undefined, build: [], test: [] },
  {
    name: 'both',
    scripts: { build: 'tsc -b', test: 'vitest' },
    build: ['pnpm run build'],
    test: ['pnpm run test'],
  },
  {
    name: 'the test that npm init writes',
    scripts: { test: 'echo "Error: no test specified" && exit 1' },
    build: [],
    test: [],
  },
  { name: 'empty ones', scripts: { build: ' ', test: '' }, build: [], test: [] },
  { name: 'wrong types', scripts: { build: ['tsc'], test: { unit: 'vitest' } }, build: [], test: [] },
  { name: 'a list', scripts: ['build', 'test'], build: [], test: [] },
];

test.each(scripts)('scripts of package.json: $name', ({ scripts, build, test }) => {
  const toolchain = detect({ 'package.json': manifest({ packageManager: 'pnpm@9.1.0', scripts }) });
  expect(commands(toolchain, 'build')).toEqual(build);
  expect(commands(toolchain, 'test')).toEqual(test);
});

test('a failed build is a warning, a failed test is nothing, and test runners do not watch', () => {
  const { steps } = detect({ 'package.json': manifest({ scripts: { build: 'tsc', test: 'vitest' } }) });
  expect(steps.map(({ kind, onFailure }) => [kind, onFailure])).toEqual([
    ['install', 'fail'],
    ['build', 'warn'],
    ['test', 'ignore'],
  ]);
  expect(steps.at(-1)?.environment).toEqual({ CI: 'true' });
});
