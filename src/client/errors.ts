/** What a caller of the client can meet: one class for each decision it makes. Every message is one clear sentence. */
import { sessionIdUsedSentence } from '../contracts/index.ts';
import type { SessionEventOf, TurnEndEvent } from '../contracts/index.ts';

/** The base of every error below, so that `instanceof HarvestError` tells them from defects. */
export abstract class HarvestError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Mend the request: it was never sent. `field` is the path of what is wrong, empty for the request as a whole. */
export class InvalidRequest extends HarvestError {
  readonly field: string;
  constructor(sentence: string, field = '') {
    super(sentence);
    this.field = field;
  }
}

/** Mend the surroundings: no Temporal server, no such namespace, or it refuses this client. */
export class TemporalUnreachable extends HarvestError {
  readonly address: string;
  constructor(sentence: string, details: { address: string; cause?: unknown }) {
    super(sentence, { cause: details.cause });
    this.address = details.address;
  }
}

/** Mend the surroundings: the store cannot be read or written here. Nothing was lost; rejoin from the last `seq`, or repeat. */
export class StoreUnavailable extends HarvestError {}

/** Give this process a sealing key, or name a reference instead of the credential's value. Nothing was sent. */
export class SealingUnavailable extends HarvestError {}

/** Repeat the call under the same id: nobody answered in time, and what was asked may still be done. */
export class NoAnswer extends HarvestError {}

/** Start a session, or mend the id: no session of this id was ever started, or it is too long ago. */
export class SessionNotFound extends HarvestError {
  readonly sessionId: string;
  constructor(sessionId: string) {
    super(`There is no session "${sessionId}".`);
    this.sessionId = sessionId;
  }
}

/** Mend the id: the session knows no such turn, or has forgotten it. */
export class TurnNotFound extends HarvestError {
  readonly sessionId: string;
  readonly turnId: string;
  constructor(sessionId: string, turnId: string) {
    super(`Session "${sessionId}" has no turn "${turnId}".`);
    this.sessionId = sessionId;
    this.turnId = turnId;
  }
}

/** Choose another session id, or attach with `harvest.session(id)`. */
export class SessionExists extends HarvestError {
  readonly sessionId: string;
  constructor(sessionId: string) {
    super(
      `A session "${sessionId}" was already started from another request: choose another id, or attach to it by its id.`,
    );
    this.sessionId = sessionId;
  }
}

/** Choose another session id: a session that Temporal has forgotten had this one, and its event log is kept and readable. */
export class SessionIdUsed extends HarvestError {
  readonly sessionId: string;
  constructor(sessionId: string) {
    super(sessionIdUsedSentence(sessionId));
    this.sessionId = sessionId;
  }
}

/** Choose another execution id, or ask for the same again. */
export class ExecutionExists extends HarvestError {
  readonly executionId: string;
  constructor(executionId: string) {
    super(`An execution "${executionId}" was already started from another request: choose another id.`);
    this.executionId = executionId;
  }
}

/** Choose another execution id: an execution that Temporal has forgotten had this one, and what it wrote is kept. */
export class ExecutionIdUsed extends HarvestError {
  readonly executionId: string;
  constructor(executionId: string) {
    super(`Execution id "${executionId}" was used by an earlier execution: choose another id.`);
    this.executionId = executionId;
  }
}

/** There was no sandbox to run the code in, or the execution was ended. What it had written is in its event log. */
export class ExecutionFailed extends HarvestError {
  readonly executionId: string;
  constructor(executionId: string, cause: string) {
    super(`Execution "${executionId}" has no result: ${cause}.`);
    this.executionId = executionId;
  }
}

/** Register the repositories, or mend the id: no repository set of this id is registered (any more). */
export class RepositorySetNotFound extends HarvestError {
  readonly setId: string;
  constructor(setId: string) {
    super(`There is no repository set "${setId}": register it first.`);
    this.setId = setId;
  }
}

/** Mend the number: the set has no such build, `harvest.repositories.show` lists those it has. */
export class BuildNotFound extends HarvestError {
  readonly setId: string;
  readonly number: number;
  constructor(setId: string, number: number) {
    super(`Repository set "${setId}" has no build ${number}.`);
    this.setId = setId;
    this.number = number;
  }
}

/** Mend what the sentence names, and build again: sessions go on starting from the image there was before. The build's log says more. */
export class BuildFailed extends HarvestError {
  readonly setId: string;
  constructor(setId: string, cause: string) {
    super(`No image of repository set "${setId}" was built: ${cause}.`);
    this.setId = setId;
  }
}

/** Start a new session: this one takes nothing any more. Its event log stays readable. */
export class SessionClosed extends HarvestError {
  readonly sessionId: string;
  /** Why it closed, as far as the event log says. */
  readonly closed: SessionEventOf<'session.closed'>['data'] | null;
  constructor(sessionId: string, closed: SessionEventOf<'session.closed'>['data'] | null) {
    const why = closed === null ? '' : ` (${closed.message ?? closed.reason})`;
    super(`Session "${sessionId}" is closed${why}: start a new one.`);
    this.sessionId = sessionId;
    this.closed = closed;
  }
}

/** The session does not take this request: a bound, or its id was used for something else. A repeat changes nothing. */
export class RequestRejected extends HarvestError {
  readonly sessionId: string;
  constructor(sessionId: string, sentence: string) {
    super(sentence);
    this.sessionId = sessionId;
  }
}

/** The same for a prompt. */
export class PromptRejected extends RequestRejected {
  readonly turnId: string;
  constructor(sessionId: string, rejected: { turnId: string; sentence: string }) {
    super(sessionId, rejected.sentence);
    this.turnId = rejected.turnId;
  }
}

/** Only `promptText` throws it, because its text alone cannot say that the turn failed. */
export class TurnFailed extends HarvestError {
  readonly end: Extract<TurnEndEvent, { type: 'turn.failed' }>;
  constructor(end: Extract<TurnEndEvent, { type: 'turn.failed' }>) {
    super(`The turn failed: ${end.data.failure.message}`);
    this.end = end;
  }
}

/** The session took the request, and it could not be done; the session goes on. */
export class RequestFailed extends HarvestError {
  readonly sessionId: string;
  constructor(sessionId: string, sentence: string) {
    super(sentence);
    this.sessionId = sessionId;
  }
}

/** The caller closed this `Harvest` while something still waited on it. */
export class HarvestClosed extends HarvestError {
  constructor() {
    super('This Harvest was closed.');
  }
}
