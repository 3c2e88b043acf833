/** From what a caller writes to the input of the session workflow. */
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { sessionIdSchema, sessionInputSchema } from '../contracts/index.ts';
import type { SessionInput, SessionRequest } from '../contracts/index.ts';
import type { SealingKeys } from '../secrets/sealing.ts';
import { givenCredentialsSchema, sealCredentials } from './credentials.ts';
import type { GivenCredentials } from './credentials.ts';
import { fingerprint } from './fingerprint.ts';
import { check } from './validate.ts';

export type CreateSessionRequest = Omit<SessionRequest, 'sessionId' | 'credentials'> & {
  /** 1 to 40 of a-z, 0-9 and "-"; the idempotency key of the session. Without one, one is made; a repeat starts another session then. */
  sessionId?: string;
  /** A token is sealed before it leaves the process; a reference names where the worker finds it. */
  credentials?: GivenCredentials;
  /** Leaving the `await using` block leaves the session as it is. Default: it is terminated. */
  keep?: boolean;
};

const createSessionSchema = sessionInputSchema.extend({
  sessionId: sessionIdSchema.optional(),
  credentials: givenCredentialsSchema.default({}),
  keep: z.boolean().default(false),
});

/** Throws `InvalidRequest` or `SealingUnavailable`; nothing was sent then. */
export function toSessionInput(
  request: CreateSessionRequest,
  keys: () => SealingKeys,
): { input: SessionInput; keep: boolean } {
  const { keep, ...given } = check('Session request', createSessionSchema, request);
  const sessionId = given.sessionId ?? randomBytes(8).toString('hex');
  const repositoryUrls = given.repositories.map(({ url }) => url);
  const credentials = sealCredentials(given.credentials, { sessionId, repositoryUrls, keys });
  return { input: { ...given, sessionId, credentials }, keep };
}

/**
 * Tells two inputs apart. A sealed credential counts as the same whatever its value: sealing twice never gives the same
 * box, and a fingerprint of the value must not stand in Temporal (I8).
 */
export function fingerprintOf(input: SessionInput): string {
  const { github, claude } = input.credentials;
  const credentials = { github: withoutBox(github), claude: withoutBox(claude) };
  return fingerprint({ ...input, credentials });
}

function withoutBox(source: SessionInput['credentials']['github']): unknown {
  return source?.from === 'sealed' ? { from: 'sealed' } : source;
}
