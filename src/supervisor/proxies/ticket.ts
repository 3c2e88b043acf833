/** The session's ticket: what a local process must show to use a proxy of the supervisor. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 random bits in characters that need no escape in a URL or header. */
export function newTicket(): string {
  return randomBytes(32).toString('base64url');
}

/** Takes the same time whatever `shown` is. */
export function ticketMatches(ticket: string, shown: string): boolean {
  return timingSafeEqual(digest(ticket), digest(shown));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
