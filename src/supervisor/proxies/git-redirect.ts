/** A repository that was renamed: its server answers with where it is now. */
import type { IncomingMessage } from 'node:http';

/**
 * The repository's new path on the same server, or null when the answer is no such redirect. To another server the
 * credential is not sent: git is told of the redirect, and goes there without one.
 */
export function renamedPath(
  incoming: IncomingMessage,
  asked: { origin: string; suffix: string },
): string | null {
  const { location } = incoming.headers;
  if (![301, 302, 307, 308].includes(incoming.statusCode ?? 0) || location === undefined) return null;
  if (!URL.canParse(location, asked.origin)) return null;
  const url = new URL(location, asked.origin);
  const path = `${url.pathname}${url.search}`;
  if (url.origin !== asked.origin || !path.endsWith(asked.suffix)) return null;
  return path.slice(0, -asked.suffix.length);
}
