/** Tells two requests under one id apart. */
import { createHash } from 'node:crypto';

/** Of a workflow's memo, which stays across continue-as-new. */
export const fingerprintMemo = 'harvestRequest';

/** The same for the same JSON, whatever the order of its keys. */
export function fingerprint(request: unknown): string {
  const text = JSON.stringify(request, (_key, value: unknown) => inOrder(value));
  return createHash('sha256').update(text).digest('hex');
}

function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
