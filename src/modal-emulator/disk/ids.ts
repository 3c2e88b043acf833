import { createHash, randomBytes } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * A sandbox id must not have 22 characters after `sb-`: the SDK would take it for one of Modal's older backend and call RPCs that are
 * not served here.
 */
const SANDBOX_ID_LENGTH = 26;
const ID_LENGTH = 22;

export const newSandboxId = (): string => `sb-${randomText(SANDBOX_ID_LENGTH)}`;
export const newTaskId = (): string => `ta-${randomText(SANDBOX_ID_LENGTH)}`;
export const newSecretId = (): string => `st-${randomText(ID_LENGTH)}`;
export const newImageId = (): string => `im-${randomText(ID_LENGTH)}`;

/** The same parts always give the same id. */
export function idFromContent(prefix: string, parts: readonly unknown[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest();
  return `${prefix}-${toText(digest, ID_LENGTH)}`;
}

export function randomText(length: number): string {
  return toText(randomBytes(length), length);
}

function toText(bytes: Buffer, length: number): string {
  return Array.from(bytes.subarray(0, length), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}
