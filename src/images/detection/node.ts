/**
 * Which Node a repository asks for. The first source that is understood decides:
 *
 * 1. `.nvmrc`
 * 2. `.node-version`
 * 3. package.json `volta.node`
 * 4. package.json `devEngines.runtime` of the name `node`
 * 5. package.json `engines.node`
 *
 * The first three are what developers of the repository run; the last says what its users may run. One that is not
 * understood is a warning, and the next decides; with none of them it is the base image's Node.
 */
import semver from 'semver';
import type { RepositoryFiles } from './files.ts';
import type { Manifest } from './manifest.ts';
import { nodeOf } from './node-request.ts';
import { quoted } from './quoted.ts';
import type { NodeChoice } from './toolchain.ts';
import { versionLine } from './version-line.ts';

type NodeSource = { from: string; request: string };

export function detectNode(
  files: RepositoryFiles,
  manifest: Manifest | undefined,
  warnings: string[],
): NodeChoice | null {
  if (manifest?.volta?.extends !== undefined && manifest.volta.node === undefined) {
    warnings.push('package.json volta.extends names another file, which is not read.');
  }
  const choice = firstUnderstood(sourcesOf(files, manifest), warnings);
  if (choice !== null) warnIfEnginesDisagree(choice, manifest, warnings);
  return choice;
}

function sourcesOf(files: RepositoryFiles, manifest: Manifest | undefined): NodeSource[] {
  const runtime = manifest?.devEngines?.runtime?.find(({ name }) => name === 'node');
  const candidates = [
    { from: '.nvmrc', request: versionLine(files.get('.nvmrc')) },
    { from: '.node-version', request: versionLine(files.get('.node-version')) },
    { from: 'package.json volta.node', request: manifest?.volta?.node },
    { from: 'package.json devEngines.runtime', request: runtime?.version },
    { from: 'package.json engines.node', request: manifest?.engines?.node },
  ];
  return candidates.flatMap(({ from, request }) => (request === undefined ? [] : [{ from, request }]));
}

function firstUnderstood(sources: readonly NodeSource[], warnings: string[]): NodeChoice | null {
  for (const { from, request } of sources) {
    const answer = nodeOf(request);
    if (answer === undefined) {
      warnings.push(`${from} asks for Node ${quoted(request)}, which names no known release: it is ignored.`);
      continue;
    }
    if (answer.newerThanKnown) {
      warnings.push(
        `${from} asks for Node ${quoted(request)}, which is no known release: ${answer.version} is used.`,
      );
    }
    return { version: answer.version, from };
  }
  return null;
}

function warnIfEnginesDisagree(choice: NodeChoice, manifest: Manifest | undefined, warnings: string[]): void {
  const engines = manifest?.engines?.node;
  const range = engines === undefined ? null : semver.validRange(engines.slice(0, 200));
  if (engines === undefined || range === null || semver.satisfies(choice.version, range)) return;
  warnings.push(
    `${choice.from} means Node ${choice.version}, but package.json engines.node is ${quoted(engines)}.`,
  );
}
