/** What a request can be answered with instead of what it asked for. */
import type { SupervisorError } from '../contracts/supervisor.ts';

export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
  readonly error: SupervisorError['error'];
  constructor(error: SupervisorError['error'], message: string) {
    super(message);
    this.error = error;
  }
}
