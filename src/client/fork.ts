/** From a session to the request of another one that begins at its checkpoint. */
import type { SessionInput, SessionRequest } from '../contracts/index.ts';
import type { GivenCredentials } from './credentials.ts';
import { InvalidRequest } from './errors.ts';
import type { CreateSessionRequest } from './session-request.ts';

export type ForkOptions = {
  /** Where the new session begins. By default at the newest checkpoint there is when it starts. */
  checkpointId?: string;
  /** Of the new session, its idempotency key. Without one, one is made, and a repeat starts another session. */
  sessionId?: string;
  /** Instead of the source's. Needed for each that the source was given as a token. */
  credentials?: GivenCredentials;
  /** Each replaces the source's. */
  options?: SessionRequest['options'];
  /** Leaving the `await using` block leaves the new session as it is. Default: it is terminated. */
  keep?: boolean;
};

/** Throws `InvalidRequest` for a credential that is sealed for the source alone. */
export function forkRequest(source: SessionInput, given: ForkOptions): CreateSessionRequest {
  const { checkpointId, credentials = {}, options, ...named } = given;
  const { sessionId, repositories, user } = source;
  return {
    ...named,
    repositories,
    user,
    credentials: credentialsOf(source, credentials),
    fork: { sessionId, ...(checkpointId === undefined ? {} : { checkpointId }) },
    options: { ...source.options, ...options },
  };
}

function credentialsOf({ sessionId, credentials }: SessionInput, given: GivenCredentials): GivenCredentials {
  for (const field of ['github', 'claude'] as const) {
    if (credentials[field]?.from !== 'sealed' || given[field] !== undefined) continue;
    const sentence =
      `Fork, credentials.${field}: the one of session "${sessionId}" is sealed for that session alone: ` +
      'give it again, or name where the worker finds it.';
    throw new InvalidRequest(sentence, `credentials.${field}`);
  }
  return { ...credentials, ...given };
}
