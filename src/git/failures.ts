/** Why a remote repository cannot be had, read from what git prints. */
import type { StartFailure } from '../contracts/supervisor.ts';

/** The caller's to mend, or the network's: `failure` says which. */
export class RepositoryUnavailable extends Error {
  override readonly name = 'RepositoryUnavailable';
  readonly failure: StartFailure;
  constructor(failure: StartFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

const shapes: readonly { kind: StartFailure['kind']; pattern: RegExp }[] = [
  { kind: 'branch', pattern: /Remote branch .* not found|couldn't find remote ref/i },
  {
    kind: 'credential',
    pattern:
      /Authentication failed|could not read (Username|Password)|returned error: 40[13]|Invalid username or (password|token)|terminal prompts disabled|Permission denied \(publickey/i,
  },
  {
    kind: 'repository',
    pattern:
      /repository .* not found|Repository not found|returned error: 404|does not appear to be a git repository|not valid: is this a git repository/i,
  },
  {
    kind: 'network',
    pattern:
      /Could not resolve host|Failed to connect|Connection (refused|reset|timed out)|Operation timed out|returned error: 5\d\d|RPC failed|early EOF|unexpected disconnect|Empty reply|SSL|certificate|hung up unexpectedly|server closed|transfer closed|unable to access/i,
  },
];

/** One sentence that names the repository as the caller does; git's own words may hold a proxy's address and are left out. */
export function startFailureOf(input: { url: string; branch: string }, stderr: string): StartFailure {
  const kind = shapes.find((shape) => shape.pattern.test(stderr))?.kind ?? 'internal';
  return { kind, message: sentenceOf(kind, input, stderr) };
}

function sentenceOf(
  kind: StartFailure['kind'],
  input: { url: string; branch: string },
  stderr: string,
): string {
  switch (kind) {
    case 'repository':
      return `the repository ${input.url} does not exist, or the credential does not allow reading it`;
    case 'branch':
      return `the repository ${input.url} has no branch ${input.branch}`;
    case 'credential':
      return `the repository ${input.url} refused the credential, or needs one and the session has none`;
    case 'network':
      return `the server of the repository ${input.url} could not be reached, or broke off`;
    case 'agent':
    case 'internal':
      return `git could not fetch ${input.url}: ${fatalLine(stderr)}`;
  }
}

function fatalLine(stderr: string): string {
  const lines = stderr.trim().split('\n');
  const line = lines.find((candidate) => candidate.startsWith('fatal:')) ?? lines.at(-1) ?? '';
  return line.replaceAll(/https?:\/\/\S+/g, '<url>').slice(0, 300);
}
