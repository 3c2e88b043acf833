/**
 * Opens a session's credential sources. Values live only in this process's memory (I8): a session's opened values are
 * kept so that its redactor knows them, and are never returned to the workflow.
 */
import type { CredentialSource, Credentials, SessionInput } from '../contracts/session-input.ts';
import { open as openSealed } from '../secrets/sealing.ts';
import type { SealingKeys } from '../secrets/sealing.ts';
import { createRedactor } from '../secrets/redaction.ts';
import type { Redactor } from '../secrets/redaction.ts';
import { CredentialUnavailable } from './errors.ts';
import type { NamedSecret } from './supervisor-client.ts';

export type OpenedCredentials = {
  values: { github?: string; claude?: string };
  /** What Modal puts into the one process that posts `/start`. */
  named: NamedSecret[];
};

export class CredentialVault {
  readonly #variables: ReadonlyMap<string, string>;
  readonly #keys: SealingKeys;
  readonly #redactors = new Map<string, Redactor>();
  readonly #shapesOnly = createRedactor({ values: [] });

  constructor(options: { variables: ReadonlyMap<string, string>; keys: SealingKeys }) {
    this.#variables = options.variables;
    this.#keys = options.keys;
  }

  /** @throws {CredentialUnavailable} with the sentence for the session's owner. */
  open(session: SessionInput): OpenedCredentials {
    const opened: OpenedCredentials = { values: {}, named: [] };
    for (const field of ['github', 'claude'] as const) {
      const source = session.credentials[field];
      if (source === undefined) continue;
      if (source.from === 'modal-secret') opened.named.push({ field, name: source.name, key: source.key });
      else opened.values[field] = this.#read(source, field, session.sessionId);
    }
    this.#redactors.set(session.sessionId, createRedactor({ values: Object.values(opened.values) }));
    return opened;
  }

  /** So that the session's redactor knows its values; a source that cannot be opened shows when it is needed. */
  prepare(session: SessionInput): void {
    if (this.#redactors.has(session.sessionId)) return;
    try {
      this.open(session);
    } catch (error) {
      if (!(error instanceof CredentialUnavailable)) throw error;
    }
  }

  /** Knows the session's own values once they were opened in this process, token shapes always. */
  redactorFor(sessionId: string): Redactor {
    return this.#redactors.get(sessionId) ?? this.#shapesOnly;
  }

  forget(sessionId: string): void {
    this.#redactors.delete(sessionId);
  }

  #read(
    source: Exclude<CredentialSource, { from: 'modal-secret' }>,
    field: keyof Credentials,
    sessionId: string,
  ): string {
    if (source.from === 'environment') {
      const value = this.#variables.get(source.variable);
      if (value !== undefined) return value;
      throw new CredentialUnavailable(
        `credentials.${field}: the worker has no variable ${source.variable}, or HARVEST_CREDENTIAL_VARIABLES does not allow it`,
      );
    }
    try {
      return openSealed(this.#keys, source, sessionId);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new CredentialUnavailable(`credentials.${field}: ${reason}`);
    }
  }
}
