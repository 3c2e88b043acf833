/**
 * The failure types that cross Temporal (`ApplicationFailure.type`), one per decision the workflow or a caller makes.
 * Retryable ones are retried by the activity's policy before anyone sees them.
 */
export const failureTypes = {
  /** The sandbox is gone: the workflow replaces it. */
  sandboxLost: 'SandboxLost',
  /** Modal has no room, or throttles: retried with back-off, visibly. */
  providerBusy: 'ProviderBusy',
  /** Modal refused for good: credentials, invalid arguments. */
  providerRefused: 'ProviderRefused',
  /** An image is gone or expired: another one is used. */
  imageGone: 'ImageGone',
  /** Repository, branch or credential do not work: the caller's to mend. */
  startFailed: 'StartFailed',
  /** A session that had started ended by a failure nobody foresaw. */
  sessionFailed: 'SessionFailed',
  /** A checkpoint that is not there, or does not fit the session. */
  checkpointUnusable: 'CheckpointUnusable',
  /** A credential source cannot be opened here. */
  credentialUnavailable: 'CredentialUnavailable',
  /** Something is kept of an earlier session of this id: the caller chooses another one. */
  sessionIdUsed: 'SessionIdUsed',
  /** No repository set of this id is registered: somebody registers it, or it was removed. */
  setNotFound: 'SetNotFound',
  /** A step of an image's build failed: its log says how. */
  buildFailed: 'BuildFailed',
  /** Store, journal and supervisor contradict each other, or the store is damaged: a defect, or an operator's to mend. */
  inconsistent: 'Inconsistent',
  /** The worker shuts down: the next attempt attaches again at once. */
  workerShutdown: 'WorkerShutdown',
  /** A message for a session that is closed or closes. */
  sessionClosed: 'SessionClosed',
  /** A message the session does not accept: a bound, or another text under a known id. */
  rejected: 'Rejected',
  invalidInput: 'InvalidInput',
} as const;
export type FailureType = (typeof failureTypes)[keyof typeof failureTypes];

/** What session and client say alike when a session id cannot be used again. */
export function sessionIdUsedSentence(sessionId: string): string {
  return `session id "${sessionId}" was used by an earlier session, and its event log is kept: choose another id`;
}
