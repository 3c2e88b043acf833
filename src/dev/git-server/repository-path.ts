/** What a request asks of which repository. */
export type GitRequest = {
  /** Without `.git`, for example `owner/name`. */
  repository: string;
  operation: 'fetch' | 'push';
  /** The list of refs that comes before a transfer. */
  advertisement: boolean;
  /** What `git http-backend` wants as PATH_INFO. */
  pathInfo: string;
};

const repositoryName = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;
const services = { 'git-upload-pack': 'fetch', 'git-receive-pack': 'push' } as const;

/** Throws RangeError for a name that is no plain path below the directory. */
export function checkRepositoryName(name: string): string {
  if (!repositoryName.test(name)) throw new RangeError(`not a repository name: ${name}`);
  return name;
}

/** Undefined for everything that is not git's smart protocol: the dumb one, other methods, paths that leave the directory. */
export function parseGitRequest(method: string, url: string): GitRequest | undefined {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const match = /^\/(.+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(pathname);
  const [, repository = '', endpoint = ''] = match ?? [];
  if (!repositoryName.test(repository)) return undefined;
  const advertisement = endpoint === 'info/refs';
  if (method !== (advertisement ? 'GET' : 'POST')) return undefined;
  const service = advertisement ? searchParams.get('service') : endpoint;
  if (service !== 'git-upload-pack' && service !== 'git-receive-pack') return undefined;
  return {
    repository,
    operation: services[service],
    advertisement,
    pathInfo: `/${repository}.git/${endpoint}`,
  };
}
