/** Why there is no Temporal server, one class for each thing a person does about it. */

export type Attempt = { step: string; reason: string; remedy: string };

/** No way to a Temporal server worked. The message lists all of them. */
export class TemporalUnavailable extends Error {
  override readonly name = 'TemporalUnavailable';
  readonly attempts: readonly Attempt[];
  constructor(attempts: readonly Attempt[]) {
    super(
      [
        'No Temporal server could be had. One of these helps:',
        '  - an existing server: TEMPORAL_ADDRESS is not set and no temporal.toml profile names one; set TEMPORAL_ADDRESS=host:port',
        ...attempts.map(({ step, reason, remedy }) => `  - ${step}: ${reason}; ${remedy}`),
      ].join('\n'),
    );
    this.attempts = attempts;
  }
}

/** A port that was asked for is in use by another program. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
  readonly port: number;
  constructor(port: number) {
    super(`port ${port} is in use by another program: stop that program or choose another port`);
    this.port = port;
  }
}

/** The server did not become ready; `log` is the end of what it wrote. */
export class TemporalStartFailed extends Error {
  override readonly name = 'TemporalStartFailed';
  readonly log: string;
  constructor(message: string, log: string) {
    super(log === '' ? message : `${message}\n${log}`);
    this.log = log;
  }
}

/** The existing server named by the environment does not answer. */
export class TemporalUnreachable extends Error {
  override readonly name = 'TemporalUnreachable';
  constructor(address: string, reason: string) {
    super(
      `the Temporal server at ${address} (from TEMPORAL_ADDRESS or temporal.toml) does not answer: ${reason}; correct or unset it`,
    );
  }
}

/** The existing server lacks search attributes and does not let us register them. */
export class SearchAttributesMissing extends Error {
  override readonly name = 'SearchAttributesMissing';
  readonly command: string;
  constructor(reason: string, command: string) {
    super(
      `the Temporal server lacks search attributes that Harvest needs (${reason}); register them with: ${command}`,
    );
    this.command = command;
  }
}
