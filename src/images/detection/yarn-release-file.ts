/** The release of yarn that a repository brings with itself: `yarnPath` in `.yarnrc.yml`. */
import semver from 'semver';
import type { RepositoryFiles } from './files.ts';

type ReleaseFile = { path: string; /** As its name tells it. */ version: string | undefined };

/** Undefined: there is none, or its path leads out of the repository. */
export function releaseFileOf(files: RepositoryFiles): ReleaseFile | undefined {
  const settings = (files.get('.yarnrc.yml') ?? '').slice(0, 65_536);
  const path = /^yarnPath:[ \t]*['"]?([\w@+./-]+)['"]?[ \t]*(?:#.*)?$/m.exec(settings)?.[1];
  if (path === undefined || path.startsWith('/') || path.split('/').includes('..')) return undefined;
  const version = /yarn-(\d[^/]*)\.c?js$/.exec(path)?.[1];
  return { path, version: semver.valid(version ?? '') ?? undefined };
}
