/**
 * Opens a session's credential sources, when the worker's operator allows them for this field and these repositories.
 * Values live only in this process's memory (I8): a session's opened values are kept so that its redactor and the log's
 * know them, and are never returned to the workflow.
 */
import type { CredentialSource, SessionInput } from '../contracts/session-input.ts';
import type { CredentialField, CredentialGrants } from '../secrets/credential-grants.ts';
import { open as openSealed } from '../secrets/sealing.ts';
import type { SealingKeys } from '../secrets/sealing.ts';
import { createRedactor } from '../secrets/redaction.ts';
import type { Redactor } from '../secrets/redaction.ts';
import { CredentialUnavailable } from './errors.ts';
import type { NamedSecret } from './named-secrets.ts';

export type OpenedCredentials = {
  values: { github?: string; claude?: string };
  /** What Modal puts into the one process that posts `/start`. */
  named: NamedSecret[];
};

export type CredentialVaultOptions = {
  grants: { variables: CredentialGrants; modalSecrets: CredentialGrants };
  /** Values of the variables. */
  variables: ReadonlyMap<string, string>;
  keys: SealingKeys;
};

export class CredentialVault {
  readonly #options: CredentialVaultOptions;
  readonly #opened = new Map<string, { values: readonly string[]; redactor: Redactor }>();
  readonly #shapesOnly = createRedactor({ values: [] });

  constructor(options: CredentialVaultOptions) {
    this.#options = options;
  }

  /** @throws {CredentialUnavailable} with the sentence for the session's owner. */
  open(session: SessionInput): OpenedCredentials {
    const opened: OpenedCredentials = { values: {}, named: [] };
    for (const field of ['github', 'claude'] as const) {
      const source = session.credentials[field];
      if (source === undefined) continue;
      const refusal = this.#refusal(session, field, source);
      if (refusal !== null) throw new CredentialUnavailable(`credentials.${field}: ${refusal}`);
      if (source.from === 'modal-secret') opened.named.push({ field, name: source.name, key: source.key });
      else opened.values[field] = this.#read(session, field, source);
    }
    refuseAmbiguous(opened.named);
    const values = Object.values(opened.values);
    this.#opened.set(session.sessionId, { values, redactor: createRedactor({ values }) });
    return opened;
  }

  /** So that the session's redactor knows its values; a source that cannot be opened shows when it is needed. */
  prepare(session: SessionInput): void {
    if (this.#opened.has(session.sessionId)) return;
    try {
      this.open(session);
    } catch (error) {
      if (!(error instanceof CredentialUnavailable)) throw error;
    }
  }

  /** Knows the session's own values once they were opened in this process, token shapes always. */
  redactorFor(sessionId: string): Redactor {
    return this.#opened.get(sessionId)?.redactor ?? this.#shapesOnly;
  }

  /** The values of whatever sessions are open in this process that stand in the text: a log line can be about any. */
  openedIn(text: string): string[] {
    return [...this.#opened.values()].flatMap(({ values, redactor }) => (redactor.knows(text) ? values : []));
  }

  forget(sessionId: string): void {
    this.#opened.delete(sessionId);
  }

  #refusal(session: SessionInput, field: CredentialField, source: CredentialSource): string | null {
    const { grants } = this.#options;
    const repositoryUrls = urlsOf(session);
    switch (source.from) {
      case 'environment':
        return grants.variables.refusal({ field, source: source.variable, repositoryUrls });
      case 'modal-secret':
        return grants.modalSecrets.refusal({ field, source: `${source.name}/${source.key}`, repositoryUrls });
      case 'sealed':
        return null;
    }
  }

  #read(
    session: SessionInput,
    field: CredentialField,
    source: Exclude<CredentialSource, { from: 'modal-secret' }>,
  ): string {
    if (source.from === 'environment') {
      const value = this.#options.variables.get(source.variable);
      if (value !== undefined) return value;
      throw new CredentialUnavailable(`credentials.${field}: the worker has no variable ${source.variable}`);
    }
    const { sessionId } = session;
    try {
      return openSealed(this.#options.keys, source, { sessionId, field, repositoryUrls: urlsOf(session) });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new CredentialUnavailable(`credentials.${field}: ${reason}`);
    }
  }
}

/** Modal puts the keys of all secrets into one environment: the same key twice would give one field the other's value. */
function refuseAmbiguous(named: readonly NamedSecret[]): void {
  const [one, other] = named;
  if (one === undefined || other === undefined || one.key !== other.key || one.name === other.name) return;
  throw new CredentialUnavailable(
    `credentials: the Modal secrets ${one.name} and ${other.name} both give the key ${one.key}: name the keys differently`,
  );
}

function urlsOf(session: SessionInput): string[] {
  return session.repositories.map(({ url }) => url);
}
