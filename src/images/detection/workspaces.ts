/** The patterns of a repository's workspaces, as they are written down: for people, and to know that there are any. */
import type { RepositoryFiles } from './files.ts';
import type { Manifest } from './manifest.ts';
import type { PackageManagerName } from './toolchain.ts';

const maxPatterns = 100;
const maxPatternLength = 200;

/** pnpm has its own file and ignores package.json's field. */
export function workspacesOf(files: RepositoryFiles, manifest: Manifest, name: PackageManagerName): string[] {
  const patterns =
    name === 'pnpm' ? packagesIn(files.get('pnpm-workspace.yaml') ?? '') : (manifest.workspaces ?? []);
  return patterns
    .filter((pattern) => pattern !== '' && pattern.length <= maxPatternLength)
    .slice(0, maxPatterns);
}

/** The list `packages`, in YAML's block or flow form. Nothing else of the file matters here. */
function packagesIn(yaml: string): string[] {
  const lines = yaml.split(/\r?\n/);
  const start = lines.findIndex((line) => line.startsWith('packages:'));
  if (start < 0) return [];
  const flow = /\[([^\]]*)\]/.exec(lines[start] ?? '')?.[1];
  if (flow !== undefined) return flow.split(',').map(unquoted);
  const below = lines.slice(start + 1);
  const end = below.findIndex((line) => !/^\s*(-|#|$)/.test(line));
  return below
    .slice(0, end < 0 ? below.length : end)
    .flatMap((line) => /^\s*-\s+(.*)$/.exec(line)?.[1] ?? [])
    .map(unquoted);
}

function unquoted(item: string): string {
  const [, single, double, plain] = /^\s*(?:'([^']*)'|"([^"]*)"|([^#]*))/.exec(item) ?? [];
  return (single ?? double ?? plain ?? '').trim();
}
