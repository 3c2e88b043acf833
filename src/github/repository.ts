/** Which repository of a GitHub: names compare without regard to case there. */

export type GithubRepository = {
  /** A user or an organization. */
  owner: string;
  name: string;
};

const ownerPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;
const namePattern = /^[A-Za-z0-9._-]{1,100}$/;
const loopback = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/;

/**
 * Owner and name, of a clone URL on the GitHub at `host` (with its port where that is not 443); null for anything else. Plain
 * http counts only on the loopback interface, where no credential can leave the machine.
 */
export function parseRepositoryUrl(text: string, options: { host: string }): GithubRepository | null {
  if (/\s/.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && loopback.test(url.host));
  if (!safe || url.host !== options.host.toLowerCase()) return null;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return null;
  const [owner = '', rawName = '', ...rest] = url.pathname.replace(/^\//, '').replace(/\/$/, '').split('/');
  const name = rawName.replace(/\.git$/i, '');
  if (rest.length > 0 || !ownerPattern.test(owner) || !namePattern.test(name)) return null;
  return /^\.{1,2}$/.test(name) ? null : { owner, name };
}

export function fullName(repository: GithubRepository): string {
  return `${repository.owner}/${repository.name}`;
}

/** Whether two names of owners or repositories mean the same. */
export function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
