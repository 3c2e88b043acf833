import { expect, test } from 'vitest';
import { detect, manifest, type Files } from './detect.ts';

const says = (fields: Readonly<Record<string, unknown>>): Files => ({ 'package.json': manifest(fields) });

const npmPackages: [string, string][] = [
  ['npm@10.2.3', 'npm'],
  ['pnpm@11.0.0', 'pnpm'],
  ['pnpm@12.21.0', '@pnpm/exe.linux-x64'],
  ['yarn@1.22.22', 'yarn'],
  ['yarn@4.1.0', '@yarnpkg/cli-dist'],
  ['bun@1.4.5', '@oven/bun-linux-x64'],
];

test.each(npmPackages)(
  '%s comes from the npm package %s, which needs no install script',
  (field, npmPackage) => {
    expect(detect(says({ packageManager: field })).packageManager?.npmPackage.name).toBe(npmPackage);
  },
);

test("a platform's own package declares no commands, so they are listed", () => {
  const linksOf = (field: string) => detect(says({ packageManager: field })).packageManager?.npmPackage.links;
  expect(linksOf('bun@1.4.5')).toEqual({ bun: 'bin/bun', bunx: 'bin/bun' });
  expect(linksOf('pnpm@12.21.0')).toEqual({ pnpm: 'pnpm', pnpx: 'pnpm' });
  expect(linksOf('pnpm@10.0.0')).toEqual({});
});

test('the release file of yarn is named when it is inside the repository', () => {
  const pathOf = (line: string) =>
    detect({ ...says({ packageManager: 'yarn@4.1.0' }), '.yarnrc.yml': `${line}\n` }).packageManager
      ?.yarnPath;
  expect(pathOf('yarnPath: ".yarn/releases/yarn-4.1.0.cjs" # ours')).toBe('.yarn/releases/yarn-4.1.0.cjs');
  expect(pathOf('yarnPath: ../../etc/yarn.cjs')).toBeNull();
  expect(pathOf('yarnPath: /usr/bin/yarn.cjs')).toBeNull();
  expect(pathOf('nodeLinker: pnp')).toBeNull();
});

const workspaceCases: { name: string; files: Files; workspaces: string[] }[] = [
  { name: 'a list in package.json', files: says({ workspaces: ['apps/*'] }), workspaces: ['apps/*'] },
  {
    name: 'the long form of yarn 1',
    files: says({ workspaces: { packages: ['apps/*'], nohoist: ['**/react-native'] } }),
    workspaces: ['apps/*'],
  },
  {
    name: "pnpm's own file",
    files: {
      ...says({ packageManager: 'pnpm@9.1.0', workspaces: ['ignored/*'] }),
      'pnpm-workspace.yaml': `packages:\n  # ours\n  - 'apps/*'\n  - "libs/*" # all\n\n  - tools\n  - '!**/test/**'\ncatalog:\n  - no\n`,
    },
    workspaces: ['apps/*', 'libs/*', 'tools', '!**/test/**'],
  },
  {
    name: "pnpm's own file in YAML's flow form",
    files: {
      ...says({ packageManager: 'pnpm@9.1.0' }),
      'pnpm-workspace.yaml': `packages: ['apps/*', "libs/*"]\n`,
    },
    workspaces: ['apps/*', 'libs/*'],
  },
  {
    name: "pnpm's own file with settings only",
    files: {
      ...says({ packageManager: 'pnpm@10.0.0' }),
      'pnpm-workspace.yaml': 'onlyBuiltDependencies:\n  - esbuild\n',
    },
    workspaces: [],
  },
];

test.each(workspaceCases)('workspaces of $name', ({ files, workspaces }) => {
  expect(detect(files).packageManager?.workspaces).toEqual(workspaces);
});
