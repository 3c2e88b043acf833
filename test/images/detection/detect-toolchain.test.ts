import { expect, test } from 'vitest';
import { filesToRead } from '../../../src/images/detection/files.ts';
import { toolchainSchema } from '../../../src/images/detection/toolchain.ts';
import { commands, detect, manifest, type Files } from './detect.ts';

const mixed: Files = {
  '.nvmrc': '20.11.1\n',
  'package.json': manifest({
    packageManager: 'pnpm@9.1.0',
    scripts: { build: 'vite build', test: 'vitest run' },
    dependencies: { react: '^19.0.0' },
  }),
  'pnpm-lock.yaml': "lockfileVersion: '9.0'\n",
  'pyproject.toml': '[project]\nname = "shop"\nversion = "0.1.0"\n[tool.pytest.ini_options]\n',
  'uv.lock': 'version = 1\n',
};

test('a repository of JavaScript and Python gets both, installs before builds before tests', () => {
  const toolchain = detect(mixed);
  expect(toolchain.node).toEqual({ version: '20.11.1', from: '.nvmrc' });
  expect(toolchain.steps.map(({ argv }) => argv.join(' '))).toEqual([
    'pnpm install --frozen-lockfile',
    'uv sync --python 3.11 --locked',
    'pnpm run build',
    'pnpm run test',
    '/opt/venvs/shop/bin/python -m pytest',
  ]);
  expect(toolchain.warnings).toEqual([]);
});

test('a repository of Python with a Node version gets that Node', () => {
  const toolchain = detect({ '.nvmrc': '22\n', 'requirements.txt': 'django\n' });
  expect(toolchain.node?.version).toBe('22.23.3');
  expect(toolchain.packageManager).toBeNull();
  expect(toolchain.python?.manager).toBe('pip');
});

test('a repository in which nothing is recognised is a result too', () => {
  const { fingerprint, ...toolchain } = detect({});
  expect(toolchain).toEqual({ node: null, packageManager: null, python: null, steps: [], warnings: [] });
  expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
});

test('the result is plain JSON', () => {
  const toolchain = detect(mixed);
  expect(toolchainSchema.parse(JSON.parse(JSON.stringify(toolchain)))).toEqual(toolchain);
});

test('every file is asked for once', () => {
  const paths = filesToRead.map(({ path }) => path);
  expect(new Set(paths).size).toBe(paths.length);
});

const sameFingerprint: { name: string; change: Files; blobIds?: Files }[] = [
  { name: 'a file written anew', change: { '.nvmrc': 'v20.11.1' } },
  {
    name: "package.json's description",
    change: {
      'package.json': `${(mixed['package.json'] ?? '').trimEnd().slice(0, -1)},"description":"new"}`,
    },
  },
];

test.each(sameFingerprint)('the fingerprint stays with $name', ({ change }) => {
  expect(detect({ ...mixed, ...change }).fingerprint).toBe(detect(mixed).fingerprint);
});

const otherFingerprint: { name: string; change: Files; blobIds?: Files }[] = [
  { name: 'another Node', change: { '.nvmrc': '20.12.0' } },
  { name: "a lockfile's head", change: { 'pnpm-lock.yaml': "lockfileVersion: '9.0'\n\nsettings:\n" } },
  {
    name: 'a lockfile below its head',
    change: {},
    blobIds: { 'pnpm-lock.yaml': 'b1946ac92492d2347c6235b4d2611184' },
  },
  { name: "npm's settings", change: { '.npmrc': 'node-linker=hoisted\n' } },
  {
    name: 'a dependency of Python',
    change: { 'pyproject.toml': '[project]\nname = "shop"\ndependencies = ["a"]\n' },
  },
  {
    name: 'a dependency of JavaScript',
    change: { 'package.json': (mixed['package.json'] ?? '').replace('^19.0.0', '^19.1.0') },
  },
];

test.each(otherFingerprint)('the fingerprint changes with $name', ({ change, blobIds = {} }) => {
  expect(detect({ ...mixed, ...change }, blobIds).fingerprint).not.toBe(detect(mixed).fingerprint);
});

const brokenManifests: { name: string; content: string }[] = [
  { name: 'a merge conflict', content: '{\n<<<<<<< HEAD\n  "name": "shop"\n' },
  { name: 'nothing', content: '' },
  { name: 'a list', content: '[]' },
  { name: 'null', content: 'null' },
  { name: 'a text', content: '"package"' },
  { name: 'two million bytes', content: `{"name":"${'x'.repeat(2_000_000)}"}` },
  { name: 'a hundred thousand brackets', content: '['.repeat(100_000) },
];

test.each(brokenManifests)(
  'a package.json with $name installs nothing, and the rest is detected',
  ({ content }) => {
    const toolchain = detect({ ...mixed, 'package.json': content });
    expect(toolchain.packageManager).toBeNull();
    expect(toolchain.node?.version).toBe('20.11.1');
    expect(toolchain.python?.manager).toBe('uv');
    expect(toolchain.warnings).toEqual(['package.json is not a JSON object: nothing is installed from it.']);
  },
);

test('a package.json with a byte order mark is read', () => {
  const toolchain = detect({ 'package.json': `\uFEFF${manifest({ packageManager: 'pnpm@9.1.0' })}` });
  expect(toolchain.packageManager?.version).toBe('9.1.0');
});

test('a lockfile of five megabytes tells its version in its head, and only there', () => {
  const body = '\n  /react@19.0.0: {}'.repeat(300_000);
  const head = { 'package.json': manifest(), 'pnpm-lock.yaml': `lockfileVersion: '6.0'${body}` };
  expect(detect(head).packageManager?.version).toBe('8.15.9');
  const tail = { 'package.json': manifest(), 'pnpm-lock.yaml': `${body}\nlockfileVersion: '6.0'\n` };
  expect(detect(tail).packageManager?.version).toBe('10.34.9');
});

test('a lockfile without a package.json is named', () => {
  const { packageManager, warnings } = detect({ 'yarn.lock': '# yarn lockfile v1\n' });
  expect(packageManager).toBeNull();
  expect(warnings).toEqual(['yarn.lock is there without a package.json: it is ignored.']);
});

const evil = '1.0.0; touch /tmp/owned #$(id)`id`';
const evilPlaces: { name: string; files: Files }[] = [
  { name: '.nvmrc', files: { '.nvmrc': evil } },
  { name: '.python-version', files: { '.python-version': evil, 'requirements.txt': '' } },
  { name: 'packageManager', files: { 'package.json': manifest({ packageManager: `pnpm@${evil}` }) } },
  {
    name: "packageManager's hash",
    files: { 'package.json': manifest({ packageManager: 'npm@10.0.0+a;id' }) },
  },
  {
    name: "packageManager's name",
    files: { 'package.json': manifest({ packageManager: `constructor@1.0.0` }) },
  },
  {
    name: 'devEngines',
    files: { 'package.json': manifest({ devEngines: { packageManager: { name: 'npm', version: evil } } }) },
  },
  { name: 'Volta', files: { 'package.json': manifest({ volta: { node: evil, yarn: evil } }) } },
  { name: 'engines', files: { 'package.json': manifest({ engines: { node: evil, npm: evil } }) } },
  {
    name: 'yarnPath',
    files: { 'package.json': manifest({ packageManager: 'yarn@4.1.0' }), '.yarnrc.yml': `yarnPath: ${evil}` },
  },
  {
    name: 'scripts',
    files: { 'package.json': manifest({ scripts: { build: evil, test: evil, [evil]: evil } }) },
  },
  {
    name: 'poetry.lock',
    files: { 'pyproject.toml': '[tool.poetry]\n', 'poetry.lock': `# @generated by Poetry ${evil}\n` },
  },
  {
    name: 'requires-python',
    files: { 'pyproject.toml': `[project]\nname = "x"\nrequires-python = ${JSON.stringify(evil)}\n` },
  },
];

test.each(evilPlaces)('a version with commands of a shell in $name reaches no command', ({ files }) => {
  const { steps, node, packageManager } = detect(files);
  for (const text of [JSON.stringify(steps), JSON.stringify([node, packageManager])]) {
    expect(text).not.toMatch(/touch|owned|\$\(|`|;/);
  }
});

test('a warning quotes at most a line of what a repository says', () => {
  const { warnings } = detect({
    '.nvmrc': 'x'.repeat(900),
    'package.json': manifest({ packageManager: 'a\nb\u0007' }),
  });
  expect(warnings).toHaveLength(2);
  for (const warning of warnings) {
    expect(warning.length).toBeLessThan(200);
    expect(warning).not.toContain('\n');
    expect(warning).not.toContain('\u0007');
  }
});

test('the commands of every case begin with a program, not with a shell', () => {
  for (const step of detect(mixed).steps) expect(step.argv[0]).not.toMatch(/sh$/);
  expect(commands(detect(mixed), 'install')).toHaveLength(2);
});
