/** Which request of git's smart HTTP protocol a path is, and for which of the session's repositories. */

export type GitService = 'git-upload-pack' | 'git-receive-pack';

export type GitRoute =
  | { kind: 'advertise'; repository: number; service: GitService }
  | { kind: 'call'; repository: number; service: GitService }
  /** `insteadOf` matches by prefix: another repository whose URL begins like ours was asked for. */
  | { kind: 'elsewhere'; repository: number; rest: string }
  | { kind: 'unknown' };

const service = '(git-upload-pack|git-receive-pack)';
const advertisePath = new RegExp(`^(\\d{1,3})~(?:\\.git)?/info/refs\\?service=${service}$`);
const callPath = new RegExp(`^(\\d{1,3})~(?:\\.git)?/${service}$`);
const elsewherePath = new RegExp(`^(\\d{1,3})~([A-Za-z0-9._-][^?#%\\\\]*/info/refs\\?service=${service})$`);

/** Where a repository's URL without `.git` is sent: it ends so that whatever follows is not part of its number. */
export function pathOfRepository(index: number): string {
  return `${index}~`;
}

/**
 * `path` is what follows the ticket, exactly as it was sent: no other spelling of a path is understood. A repository
 * answers with and without `.git`, as servers do.
 */
export function gitRouteOf(method: string, path: string): GitRoute {
  const advertise = method === 'GET' ? advertisePath.exec(path) : null;
  if (advertise !== null) return { kind: 'advertise', ...repositoryAndService(advertise) };
  const call = method === 'POST' ? callPath.exec(path) : null;
  if (call !== null) return { kind: 'call', ...repositoryAndService(call) };
  const [, repository, rest = ''] = (method === 'GET' ? elsewherePath.exec(path) : null) ?? [];
  const climbs = /(^|\/)\.{1,2}(\/|$)|\/\//.test(rest);
  if (repository === undefined || climbs) return { kind: 'unknown' };
  return { kind: 'elsewhere', repository: Number(repository), rest };
}

function repositoryAndService(match: RegExpExecArray): { repository: number; service: GitService } {
  return { repository: Number(match[1]), service: match[2] as GitService };
}
