import semver from 'semver';
import { expect, test } from 'vitest';
import { ltsLines, ltsReleases, nodeReleases } from '../../../src/images/detection/node-releases.ts';
import { detect, manifest, type Files } from './detect.ts';

type NodeCase = {
  name: string;
  files: Files;
  /** Null: the base image's own. */
  node: string | null;
  from?: string;
  warning?: RegExp;
};

const engines = (node: unknown): Files => ({ 'package.json': manifest({ engines: { node } }) });
const nvmrc = (content: string): Files => ({ '.nvmrc': content });

const cases: NodeCase[] = [
  { name: 'an exact version with a v', files: nvmrc('v20.11.1\n'), node: '20.11.1', from: '.nvmrc' },
  { name: 'a major means its newest release', files: nvmrc('20\n'), node: '20.20.2' },
  { name: 'a major with a v', files: nvmrc('v18'), node: '18.20.8' },
  { name: 'a minor means its newest patch', files: nvmrc('20.11\n'), node: '20.11.1' },
  { name: 'a major that never was LTS', files: nvmrc('21'), node: '21.7.3' },
  { name: 'a minor from before its line was LTS', files: nvmrc('20.3'), node: '20.3.1' },
  { name: 'the newest LTS', files: nvmrc('lts/*\n'), node: '24.21.0' },
  { name: 'an LTS line by name', files: nvmrc('lts/iron'), node: '20.20.2' },
  { name: 'an LTS line by name in capitals', files: nvmrc('lts/Hydrogen'), node: '18.20.8' },
  { name: 'the LTS line before the newest', files: nvmrc('lts/-1'), node: '22.23.3' },
  { name: 'the newest of all', files: nvmrc('node\n'), node: '26.10.0' },
  { name: 'comments and empty lines', files: nvmrc('# ours\r\n\r\n16 # old\r\n'), node: '16.20.2' },
  { name: 'a byte order mark', files: nvmrc('\uFEFF22.11.0\n'), node: '22.11.0' },
  { name: 'an empty .nvmrc says nothing', files: nvmrc('\n'), node: null },
  {
    name: 'a release of tomorrow',
    files: nvmrc('v22.99.0'),
    node: '22.23.3',
    warning: /no known release: 22/,
  },
  {
    name: 'a major of tomorrow',
    files: nvmrc('99'),
    node: null,
    warning: /"99", which names no known release/,
  },
  { name: 'an unknown LTS line', files: nvmrc('lts/unobtainium'), node: null, warning: /lts\/unobtainium/ },
  { name: 'a word', files: nvmrc('system'), node: null, warning: /\.nvmrc asks for Node "system"/ },
  { name: '.node-version', files: { '.node-version': '18.17.0\n' }, node: '18.17.0', from: '.node-version' },
  {
    name: '.nvmrc comes before .node-version',
    files: { '.nvmrc': '20.9.0', '.node-version': '18.17.0' },
    node: '20.9.0',
  },
  {
    name: 'what is not understood leaves it to the next source',
    files: { '.nvmrc': 'banana', '.node-version': '18.17.0' },
    node: '18.17.0',
    from: '.node-version',
    warning: /banana/,
  },
  {
    name: 'Volta comes before engines',
    files: { 'package.json': manifest({ volta: { node: '20.10.0' }, engines: { node: '>=18' } }) },
    node: '20.10.0',
    from: 'package.json volta.node',
  },
  {
    name: 'a Volta that extends another file',
    files: { 'package.json': manifest({ volta: { extends: '../package.json' } }) },
    node: null,
    warning: /volta\.extends names another file/,
  },
  {
    name: 'devEngines come before engines',
    files: {
      'package.json': manifest({
        devEngines: {
          runtime: [
            { name: 'deno', version: '2' },
            { name: 'node', version: '^22.0.0' },
          ],
        },
        engines: { node: '>=18' },
      }),
    },
    node: '22.23.3',
    from: 'package.json devEngines.runtime',
  },
  {
    name: 'engines mean the highest LTS',
    files: engines('>=18'),
    node: '24.21.0',
    from: 'package.json engines.node',
  },
  { name: 'engines with an upper end', files: engines('>=18.17 <21'), node: '20.20.2' },
  { name: 'engines with alternatives', files: engines('^18.12.0 || ^20.9.0'), node: '20.20.2' },
  { name: 'engines of a patch range', files: engines('~18.17.0'), node: '18.17.1' },
  { name: 'engines above every LTS', files: engines('>=25'), node: '26.10.0' },
  { name: 'engines that are a number', files: engines(20), node: '20.20.2' },
  { name: 'engines with an x', files: engines('16.x'), node: '16.20.2' },
  { name: 'engines that nothing satisfies', files: engines('>=900'), node: null, warning: />=900/ },
  { name: 'engines of a wrong type', files: engines({ min: 18 }), node: null },
  { name: 'engines that are a list', files: { 'package.json': manifest({ engines: ['node'] }) }, node: null },
  {
    name: 'engines that contradict .nvmrc',
    files: { '.nvmrc': '18', ...engines('>=20') },
    node: '18.20.8',
    warning: /\.nvmrc means Node 18\.20\.8, but package\.json engines\.node is ">=20"/,
  },
  { name: 'a repository that says nothing', files: { 'package.json': manifest() }, node: null },
];

test.each(cases)('Node of $name', ({ files, node, from, warning }) => {
  const toolchain = detect(files);
  expect(toolchain.node?.version ?? null).toBe(node);
  if (from !== undefined) expect(toolchain.node?.from).toBe(from);
  if (warning === undefined) expect(toolchain.warnings).toEqual([]);
  else expect(toolchain.warnings.join('\n')).toMatch(warning);
});

test('the table of releases is in order, without gaps in its form and without repetition', () => {
  expect(nodeReleases.length).toBeGreaterThan(500);
  expect(new Set(nodeReleases).size).toBe(nodeReleases.length);
  expect(nodeReleases.filter((release) => semver.valid(release) !== release)).toEqual([]);
  expect([...nodeReleases].sort(semver.rcompare)).toEqual(nodeReleases);
});

test('every LTS line has a release, and began in its own major', () => {
  for (const { major, since } of ltsLines) {
    expect(semver.major(since)).toBe(major);
    expect(ltsReleases.some((release) => semver.major(release) === major)).toBe(true);
  }
});
