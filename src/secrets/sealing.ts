/**
 * Sealing: how a credential travels through Temporal without being readable there (I8). The client seals it before it
 * leaves the process, an activity opens it. AES-256-GCM; what the credential is for is authenticated with it, so a box
 * that was copied into another session, another field or a session on other repositories does not open there.
 */
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';

/** A sealed value as plain JSON. `box` is base64 of version (1 byte), iv (12), tag (16), ciphertext. */
export type Sealed = {
  keyId: string;
  box: string;
};

/** What a credential is for. `repositoryUrls` as they stand in the session's input, in their order. */
export type SealingContext = {
  sessionId: string;
  field: 'github' | 'claude';
  repositoryUrls: readonly string[];
};

/** The text of the sealing keys is not usable; says why without repeating any of it. */
export class InvalidSealingKeys extends Error {
  override readonly name = 'InvalidSealingKeys';
}

/** The sealed value does not open here, whatever is tried; says why. */
export class SealNotOpened extends Error {
  override readonly name = 'SealNotOpened';
}

const sealedVersion = 2;
const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;
const headerBytes = 1 + ivBytes + tagBytes;
const keyIdPattern = /^[A-Za-z0-9._-]{1,40}$/;

/** The first key seals, every key opens: a key is changed by putting the new one in front. */
export class SealingKeys {
  readonly sealingKeyId: string;
  readonly #keys: ReadonlyMap<string, KeyObject>;

  /** @param text one or more `keyId:base64(32 bytes)`, separated by commas. Throws `InvalidSealingKeys`. */
  static parse(text: string): SealingKeys {
    const keys = new Map<string, KeyObject>();
    for (const [index, entry] of text.split(',').entries()) {
      const where = `sealing key ${index + 1}`;
      const [, keyId, encoded] = /^\s*([^:]*):(.*?)\s*$/s.exec(entry) ?? [];
      if (keyId === undefined || encoded === undefined || !keyIdPattern.test(keyId)) {
        throw new InvalidSealingKeys(
          `${where} is not "keyId:base64 of 32 bytes" (key id: 1 to 40 of A-Z a-z 0-9 . _ -).`,
        );
      }
      const bytes = Buffer.from(encoded, 'base64');
      if (bytes.length !== keyBytes || bytes.toString('base64') !== encoded) {
        throw new InvalidSealingKeys(`${where} ("${keyId}") is not ${keyBytes} bytes in base64.`);
      }
      if (keys.has(keyId)) throw new InvalidSealingKeys(`${where} repeats the key id "${keyId}".`);
      keys.set(keyId, createSecretKey(bytes));
    }
    return new SealingKeys(keys);
  }

  private constructor(keys: ReadonlyMap<string, KeyObject>) {
    this.#keys = keys;
    const [first = ''] = keys.keys();
    this.sealingKeyId = first;
  }

  /** The keys as text, so that a log can leave them out. */
  secretTexts(): string[] {
    return [...this.#keys.values()].map((key) => key.export().toString('base64'));
  }

  /** Throws `SealNotOpened`. */
  key(keyId: string): KeyObject {
    const key = this.#keys.get(keyId);
    if (key === undefined)
      throw new SealNotOpened(
        `A credential was sealed with key "${keyId}", which this process does not hold.`,
      );
    return key;
  }
}

/** A new key as one entry for `SealingKeys.parse`, with a key id of its own. */
export function generateSealingKey(): string {
  return `k${randomBytes(4).toString('hex')}:${randomBytes(keyBytes).toString('base64')}`;
}

export function seal(keys: SealingKeys, plaintext: string, context: SealingContext): Sealed {
  const keyId = keys.sealingKeyId;
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', keys.key(keyId), iv, { authTagLength: tagBytes });
  cipher.setAAD(associatedData(keyId, context));
  const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  const box = Buffer.concat([Buffer.of(sealedVersion), iv, cipher.getAuthTag(), ciphertext]);
  return { keyId, box: box.toString('base64') };
}

/** Throws `SealNotOpened`. */
export function open(keys: SealingKeys, sealed: Sealed, context: SealingContext): string {
  const { keyId } = sealed;
  const key = keys.key(keyId);
  const box = Buffer.from(sealed.box, 'base64');
  if (box.length < headerBytes || box[0] !== sealedVersion) throw broken(keyId);
  const iv = box.subarray(1, 1 + ivBytes);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
  decipher.setAAD(associatedData(keyId, context));
  decipher.setAuthTag(box.subarray(1 + ivBytes, headerBytes));
  try {
    return Buffer.concat([decipher.update(box.subarray(headerBytes)), decipher.final()]).toString('utf8');
  } catch {
    throw broken(keyId);
  }
}

/** It was altered, cut, of another version, or sealed for another context. */
function broken(keyId: string): SealNotOpened {
  return new SealNotOpened(
    `A credential sealed with key "${keyId}" does not open: it was altered, or sealed for another session, field or list of repositories, or by an older client.`,
  );
}

function associatedData(keyId: string, { sessionId, field, repositoryUrls }: SealingContext): Buffer {
  return Buffer.from(JSON.stringify([sealedVersion, keyId, sessionId, field, repositoryUrls]));
}
