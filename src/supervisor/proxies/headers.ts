/** What a proxy passes on of a message's headers. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/** They belong to one connection, not to the message (RFC 9110, 7.6.1). */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Without hop-by-hop headers, those that `connection` names, and `dropped` ones. */
export function endToEndHeaders(
  headers: IncomingHttpHeaders,
  dropped: readonly string[] = [],
): OutgoingHttpHeaders {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  const without = new Set([...named, ...dropped]);
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !hopByHop.has(name) && !without.has(name)),
  );
}
