/** What a worker that cannot start says. */
import { InvalidConfiguration } from './config.ts';
import { InvalidSealingKeys } from './secrets/sealing.ts';
import { StoreCorrupted, StoreNotWritable, StoreTooNew } from './store/errors.ts';

class TemporalUnreachable extends Error {
  override readonly name = 'TemporalUnreachable';
  constructor(address = '127.0.0.1:7233') {
    super(
      `The Temporal server at ${address} does not answer: start it, or name another one by TEMPORAL_ADDRESS or a profile of temporal.toml.`,
    );
  }
}

const toMend = [
  InvalidConfiguration,
  InvalidSealingKeys,
  StoreCorrupted,
  StoreTooNew,
  StoreNotWritable,
  TemporalUnreachable,
];

/** One sentence for what its user can mend; a defect keeps its stack. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return toMend.some((kind) => error instanceof kind) ? error.message : (error.stack ?? error.message);
}

/** For a connection that was not to be had. The native part's own error is told by its name: the SDK keeps its class. */
export function connectionError(error: unknown, address: string | undefined): unknown {
  const isTransportError = error instanceof Error && error.name === 'TransportError';
  return isTransportError ? new TemporalUnreachable(address) : error;
}
