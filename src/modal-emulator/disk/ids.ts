/** The ids of everything, in the forms that the SDK takes. */
import { createHash, randomBytes } from 'node:crypto';

const idAlphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * A sandbox id must not have 22 characters after `sb-`: the SDK would take it for one of Modal's older backend and call RPCs that are
 * not served here.
 */
const sandboxIdLength = 26;
const idLength = 22;

export const newSandboxId = (): string => `sb-${randomText(sandboxIdLength)}`;
export const newTaskId = (): string => `ta-${randomText(sandboxIdLength)}`;
export const newSecretId = (): string => `st-${randomText(idLength)}`;
export const newVolumeId = (): string => `vo-${randomText(idLength)}`;
export const newImageId = (): string => `im-${randomText(idLength)}`;

/** The same parts always give the same id. */
export function idFromContent(prefix: string, parts: readonly unknown[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest();
  return `${prefix}-${toText(digest, idLength)}`;
}

export function randomText(length: number): string {
  return toText(randomBytes(length), length);
}

function toText(bytes: Buffer, length: number): string {
  return Array.from(bytes.subarray(0, length), (byte) => idAlphabet[byte % idAlphabet.length]).join('');
}
