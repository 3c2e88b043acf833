/** What can go wrong with a session's start or one of its points, one class for each decision. */
import type { StartFailure } from '../contracts/supervisor.ts';
import { sessionIdUsedSentence } from '../contracts/failures.ts';

/** Something is kept of an earlier session of this id. */
export class SessionIdUsed extends Error {
  override readonly name = 'SessionIdUsed';
  constructor(sessionId: string) {
    super(sessionIdUsedSentence(sessionId));
  }
}

/** Nobody registered a set of this id, or it was removed. */
export class SetNotFound extends Error {
  override readonly name = 'SetNotFound';
  constructor(setId: string) {
    super(`no repository set "${setId}" is registered: register it first`);
  }
}

/** A credential source names what is not there, or a seal that does not open here. */
export class CredentialUnavailable extends Error {
  override readonly name = 'CredentialUnavailable';
}

/** Repository, branch or credential do not work, or what a restore needs is gone: the caller's to mend. */
export class StartFailed extends Error {
  override readonly name = 'StartFailed';
  /** Null: it was not the supervisor who said so. */
  readonly kind: StartFailure['kind'] | null;
  constructor(message: string, kind: StartFailure['kind'] | null = null) {
    super(message);
    this.kind = kind;
  }
}

/** The network did not answer: the same start may succeed later. */
export class StartFailedForNow extends Error {
  override readonly name = 'StartFailedForNow';
}

/** The provider has no room, and whoever asked decides whether to wait for it. */
export class NoRoom extends Error {
  override readonly name = 'NoRoom';
}

/** A checkpoint that is not there, or does not fit the session. */
export class CheckpointUnusable extends Error {
  override readonly name = 'CheckpointUnusable';
}
