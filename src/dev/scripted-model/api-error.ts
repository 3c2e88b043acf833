/**
 * An answer of the Messages API that is not a message. Status, type and body are those of the real API, so that the CLI decides about
 * retrying as it would there.
 */
export type ApiErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'not_found_error'
  | 'rate_limit_error'
  | 'api_error'
  | 'overloaded_error';

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly type: ApiErrorType;
  readonly retryAfterSeconds: number | undefined;

  constructor(failure: { status: number; type: ApiErrorType; message: string; retryAfterSeconds?: number }) {
    super(failure.message);
    this.status = failure.status;
    this.type = failure.type;
    this.retryAfterSeconds = failure.retryAfterSeconds;
  }

  body(requestId: string): {
    type: 'error';
    error: { type: ApiErrorType; message: string };
    request_id: string;
  } {
    return { type: 'error', error: { type: this.type, message: this.message }, request_id: requestId };
  }
}

export function invalidRequest(message: string): ApiError {
  return new ApiError({ status: 400, type: 'invalid_request_error', message });
}
