/** What a repository may ask for in the place of a Node version, and the release that it means. */
import semver from 'semver';
import { ltsLines, ltsReleases, nodeReleases } from './node-releases.ts';

/** `newerThanKnown`: the release itself is not in the table, so it is the newest known one of its major. */
export type NodeAnswer = { version: string; newerThanKnown: boolean };

/** Longer ones are no version, and semver's expressions need not see them. */
const maxRequestLength = 200;

/**
 * An exact version, a part of one (`20`, `v20.11`), a range, `node`, `lts/*`, `lts/iron`, `lts/-1`. A range that several
 * releases satisfy means the highest LTS one, and the highest of all where none is LTS. Undefined: not understood, or no
 * release of the table satisfies it.
 */
export function nodeOf(request: string): NodeAnswer | undefined {
  const text = request.trim().toLowerCase();
  if (text === '' || text.length > maxRequestLength) return undefined;
  const version = releaseNamed(text) ?? highestIn(text);
  if (version !== undefined) return { version, newerThanKnown: false };
  const exact = semver.valid(text);
  const nearest = exact === null ? undefined : highestIn(`^${semver.major(exact)}`);
  return nearest === undefined ? undefined : { version: nearest, newerThanKnown: true };
}

/** nvm's words, and fnm's and nodenv's for the same. */
function releaseNamed(word: string): string | undefined {
  if (['node', 'latest', 'current', 'stable'].includes(word)) return nodeReleases[0];
  if (word === 'lts' || word === 'lts/*') return ltsReleases[0];
  const name = /^lts[/-](.+)$/.exec(word)?.[1];
  if (name === undefined) return undefined;
  // `lts/-1` is the line before the newest one.
  const line = /^-\d$/.test(name)
    ? ltsLines.at(Number(name) - 1)
    : ltsLines.find(({ codename }) => codename === name);
  return ltsReleases.find((release) => semver.major(release) === line?.major);
}

function highestIn(text: string): string | undefined {
  const range = semver.validRange(text);
  if (range === null) return undefined;
  return [...ltsReleases, ...nodeReleases].find((release) => semver.satisfies(release, range));
}
