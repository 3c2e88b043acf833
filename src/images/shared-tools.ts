/** Which tools all repositories of a set share: Node and package managers, of which there is one version each. */
import semver from 'semver';
import { nodeNeededBy, npmFor, npmPackageOf } from './detection/package-manager-pins.ts';
import { imagePython } from './detection/python-pins.ts';
import type { Toolchain } from './detection/toolchain.ts';
import { packagePins } from './pins.ts';

export type DetectedRepository = { name: string; toolchain: Toolchain };

/** A tool that the base image has not, or not in this version. */
export type ToolFromNpm = {
  tool: string;
  package: string;
  version: string;
  /** Commands that the package does not declare: name to path inside of it. */
  links: Readonly<Record<string, string>>;
};

export type SharedTools = {
  fromNpm: ToolFromNpm[];
  /** Exact versions by tool, those of the base image too. */
  versions: Record<string, string>;
  warnings: string[];
};

/** Whoever asks first decides, for each tool by itself: the package managers of two repositories can be two. */
export function sharedTools(repositories: readonly DetectedRepository[]): SharedTools {
  const warnings: string[] = [];
  const versions: Record<string, string> = {};
  const deciders = new Map<string, string>();
  const ask = (repository: string, tool: string, version: string): void => {
    const decided = versions[tool];
    if (decided === undefined) {
      versions[tool] = version;
      deciders.set(tool, repository);
    } else if (decided !== version) {
      const before = `${deciders.get(tool)}, which comes first, asks for ${decided}`;
      warnings.push(`${repository} asks for ${tool} ${version}, but ${before}: that one is used.`);
    }
  };
  for (const { name, toolchain } of repositories) {
    const { node, packageManager, python } = toolchain;
    if (node !== null) ask(name, 'node', node.version);
    if (packageManager !== null) ask(name, packageManager.name, packageManager.version);
    if (python === null) continue;
    versions['python'] = imagePython;
    if (python.poetryVersion === null) continue;
    // Each repository's own step installs it: the last one stays.
    if (versions['poetry'] !== undefined && versions['poetry'] !== python.poetryVersion)
      warnings.push(
        `${name} asks for Poetry ${python.poetryVersion} after ${versions['poetry']}: the image keeps the last one.`,
      );
    versions['poetry'] = python.poetryVersion;
  }
  const hasScripts = repositories.some(({ toolchain }) => toolchain.packageManager !== null);
  if (hasScripts) versions['node'] ??= packagePins.node;
  const npm = npmBeside(versions);
  if (npm !== undefined) versions['npm'] = npm;
  return { fromNpm: installed(versions), versions, warnings };
}

/** Scripts call npm whatever the package manager, and the base image's does not run on every Node. */
function npmBeside({ node, npm }: Record<string, string>): string | undefined {
  if (node === undefined || npm !== undefined) return npm;
  const needed = nodeNeededBy('npm', packagePins.npm);
  return needed === undefined || semver.satisfies(node, needed) ? undefined : npmFor(node);
}

function installed(versions: Readonly<Record<string, string>>): ToolFromNpm[] {
  const { node } = versions;
  const ownNode: ToolFromNpm[] =
    node === undefined || node === packagePins.node
      ? []
      : [{ tool: 'node', package: 'node-linux-', version: node, links: { node: 'bin/node' } }];
  const managers = (['npm', 'pnpm', 'yarn', 'bun'] as const).flatMap((tool): ToolFromNpm[] => {
    const version = versions[tool];
    if (version === undefined || (tool === 'npm' && version === packagePins.npm)) return [];
    const { name, links } = npmPackageOf(tool, version);
    return [{ tool, package: name, version, links }];
  });
  return [...ownNode, ...managers];
}
