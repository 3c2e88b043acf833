/** Named and passing secrets, and the variables that they give. */
import { newSecretId } from '../disk/ids.ts';
import { RpcError, notFound } from '../rpc/rpc-error.ts';
import { environmentOf } from './apps.ts';

type Values = Readonly<Record<string, string>>;

/** A secret by id, or variables in the clear, as requests carry them. */
export type SecretSource = { secretId?: string | undefined; env?: { contents: Values } | undefined };

/** Secrets live in memory only: a restart of the emulator forgets them. */
export class Secrets {
  readonly #values = new Map<string, Values>();
  readonly #names = new Map<string, string>();

  /** Makes or replaces a named secret, as its owner would on Modal's website. */
  setNamed(environmentName: string, name: string, values: Values): string {
    const secretId = this.addEphemeral(values);
    this.#names.set(nameKey(environmentName, name), secretId);
    return secretId;
  }

  addEphemeral(values: Values): string {
    const secretId = newSecretId();
    this.#values.set(secretId, values);
    return secretId;
  }

  idOfNamed(request: { environmentName: string; name: string; requiredKeys: readonly string[] }): string {
    const secretId = this.#names.get(nameKey(request.environmentName, request.name));
    if (secretId === undefined) throw notFound(`Secret '${request.name}' not found`);
    const values = this.#get(secretId);
    const missing = request.requiredKeys.filter((key) => !(key in values));
    if (missing.length > 0) {
      throw new RpcError('FAILED_PRECONDITION', `Secret is missing key(s): ${missing.join(', ')}`);
    }
    return secretId;
  }

  delete(secretId: string): void {
    this.#get(secretId);
    this.#values.delete(secretId);
    for (const [name, id] of this.#names) if (id === secretId) this.#names.delete(name);
  }

  /** The variables of all, later ones winning. */
  resolve(ids: readonly string[], sources: readonly SecretSource[] = []): Record<string, string> {
    const all = [...ids.map((secretId) => ({ secretId, env: undefined })), ...sources];
    return Object.assign(
      {},
      ...all.map((source) =>
        source.secretId === undefined ? (source.env?.contents ?? {}) : this.#get(source.secretId),
      ),
    );
  }

  #get(secretId: string): Values {
    const values = this.#values.get(secretId);
    if (values === undefined) throw notFound(`Secret ${secretId} not found`);
    return values;
  }
}

function nameKey(environmentName: string, name: string): string {
  return `${environmentOf(environmentName)}/${name}`;
}
