/**
 * What the worker's operator lets sessions name as a credential (I8). Whoever may start a session chooses the field, the
 * source and the repositories; an entry gives one source to one field and, for git, to the servers it may be sent to.
 * What no entry gives is not sent. Entries: `github:NAME@host|host:port` and `claude:NAME`, separated by commas.
 */
import type { Credentials } from '../contracts/session-input.ts';

export type CredentialField = keyof Credentials;

type SourceKind = {
  /** The worker's variable that holds the entries. */
  setting: string;
  /** What the sources are called in sentences. */
  noun: string;
  source: RegExp;
  example: string;
};

export const credentialVariables: SourceKind = {
  setting: 'HARVEST_CREDENTIAL_VARIABLES',
  noun: 'variable',
  source: /^[A-Z][A-Z0-9_]{0,99}$/,
  example: 'github:GITHUB_TOKEN@github.com or claude:ANTHROPIC_API_KEY',
};

/** A source is `name/KEY`: one key of a named Modal secret. */
export const modalSecrets: SourceKind = {
  setting: 'HARVEST_MODAL_SECRETS',
  noun: 'Modal secret',
  source: /^[A-Za-z0-9._-]{1,64}\/[A-Za-z_][A-Za-z0-9_]{0,99}$/,
  example: 'github:my-secret/KEY@github.com or claude:my-secret/KEY',
};

/** An entry cannot be read. */
export class InvalidGrant extends Error {
  override readonly name = 'InvalidGrant';
  constructor(entry: string, why: string) {
    super(`"${entry}" ${why}`);
  }
}

type Grant = {
  field: CredentialField;
  source: string;
  /** Scheme, host and port of the servers; of no meaning for `claude`, which goes to the worker's model URL alone. */
  origins: readonly string[];
};

export class CredentialGrants {
  readonly #kind: SourceKind;
  readonly #grants: readonly Grant[];

  /** Throws `InvalidGrant`. */
  static parse(kind: SourceKind, text: string): CredentialGrants {
    const entries = text.trim() === '' ? [] : text.split(',').map((entry) => entry.trim());
    return new CredentialGrants(
      kind,
      entries.map((entry) => parseGrant(kind, entry)),
    );
  }

  private constructor(kind: SourceKind, grants: readonly Grant[]) {
    this.#kind = kind;
    this.#grants = grants;
  }

  get sources(): ReadonlySet<string> {
    return new Set(this.#grants.map(({ source }) => source));
  }

  /** The first entry's server that is on loopback, which inside a sandbox is not the worker's. */
  get loopbackOrigin(): string | undefined {
    return this.#grants.flatMap(({ origins }) => origins).find((origin) => isLoopback(new URL(origin)));
  }

  /** Why this source is not for this field of a session on these repositories, in one sentence; null when it is. */
  refusal(asked: {
    field: CredentialField;
    source: string;
    repositoryUrls: readonly string[];
  }): string | null {
    const { field, source, repositoryUrls } = asked;
    const { setting, noun } = this.#kind;
    const grants = this.#grants.filter((grant) => grant.field === field && grant.source === source);
    if (grants.length === 0) {
      const entry = `${field}:${source}${field === 'github' ? '@…' : ''}`;
      return `the worker does not give its ${noun} ${source} to this field: its ${setting} has no entry ${entry}`;
    }
    if (field === 'claude') return null;
    const allowed = new Set(grants.flatMap(({ origins }) => origins));
    // One credential serves all repositories of a session: a server that is not allowed gets nothing, and none is left out.
    const refused = repositoryUrls.map((url) => new URL(url)).find(({ origin }) => !allowed.has(origin));
    if (refused === undefined) return null;
    if (refused.protocol === 'http:' && !isLoopback(refused)) {
      return `the worker does not send its ${noun} ${source} to ${refused.origin}, where it would go unencrypted: use https://`;
    }
    return `the worker does not send its ${noun} ${source} to ${refused.host}: the entry ${field}:${source}@${refused.host} in its ${setting} would allow it`;
  }
}

function parseGrant(kind: SourceKind, entry: string): Grant {
  const [, field, source = '', hosts] = /^(github|claude):([^@]*)(?:@(.*))?$/s.exec(entry) ?? [];
  if (field === undefined || !kind.source.test(source)) {
    throw new InvalidGrant(entry, `is not an entry such as ${kind.example}`);
  }
  if (field === 'claude') {
    if (hosts === undefined) return { field, source, origins: [] };
    throw new InvalidGrant(entry, 'names a host, but the credential claude goes to HARVEST_MODEL_URL alone');
  }
  if (hosts === undefined) {
    throw new InvalidGrant(entry, `does not say for which hosts: write github:${source}@github.com`);
  }
  const origins = hosts.split('|').flatMap((host) => originsOf(host.trim(), entry));
  return { field: 'github', source, origins };
}

/** Over TLS; on loopback also without. */
function originsOf(host: string, entry: string): string[] {
  const secure = `https://${host}`;
  if (!/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/.test(host) || !URL.canParse(secure)) {
    throw new InvalidGrant(
      entry,
      `has "${host}" where a host belongs, such as github.com or git.example.com:8443`,
    );
  }
  const { origin } = new URL(secure);
  return isLoopback(new URL(secure)) ? [origin, new URL(`http://${host}`).origin] : [origin];
}

/** `URL` has brought every spelling of an IPv4 address into this one. */
function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
