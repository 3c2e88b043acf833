/**
 * What can go wrong with GitHub's API, one class for each decision a caller makes. No text here holds a credential: what
 * GitHub said is redacted before it is cut (I8, I11), and no error carries the request or the answer as its cause.
 */
import type { GithubRepository } from './repository.ts';

/** There is none. The session or the worker has to be given one. */
export class GithubCredentialMissing extends Error {
  override readonly name = 'GithubCredentialMissing';
}

/** It is wrong, revoked or suspended. Somebody has to give another one, or lift the suspension. */
export class GithubCredentialRefused extends Error {
  override readonly name = 'GithubCredentialRefused';
}

/** It was right once. A fresh one does. */
export class GithubCredentialExpired extends Error {
  override readonly name = 'GithubCredentialExpired';
}

/** The credential is good, but not for this repository, or the repository does not exist: GitHub does not tell which. */
export class GithubRepositoryOutOfReach extends Error {
  override readonly name = 'GithubRepositoryOutOfReach';
  readonly repository: GithubRepository;
  constructor(repository: GithubRepository, message: string) {
    super(message);
    this.repository = repository;
  }
}

/** Too many requests. The same one may succeed from `retryAt` on (ISO 8601, by this machine's clock). */
export class GithubRateLimited extends Error {
  override readonly name = 'GithubRateLimited';
  readonly retryAt: string;
  constructor(retryAt: string, message: string) {
    super(message);
    this.retryAt = retryAt;
  }
}

/** No answer, or none that tells what happened: unreachable, cut, too slow, broken. Repeat later; look before creating again. */
export class GithubUnavailable extends Error {
  override readonly name = 'GithubUnavailable';
}

/** Refused for good, for a reason that GitHub's sentence tells: what was asked for cannot be had this way. */
export class GithubRefused extends Error {
  override readonly name = 'GithubRefused';
}
