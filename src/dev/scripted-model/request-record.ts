/** The requests that came, for tests to look at. */
import type { IncomingHttpHeaders } from 'node:http';

/** One request as it came, for assertions. */
export type RecordedRequest = {
  method: string;
  /** With its query. */
  path: string;
  headers: IncomingHttpHeaders;
  /** Parsed JSON, or the text when it is none. */
  body: unknown;
  /** The HTTP status it was answered with; undefined until then and for one that never was. */
  status?: number;
};

/** Keeps the newest requests: at most 500, and at most 64 MiB of bodies. */
export class RequestRecord {
  readonly requests: RecordedRequest[] = [];
  readonly #sizes: number[] = [];
  #totalBytes = 0;
  readonly #limits = { requests: 500, bytes: 64 * 1024 * 1024 };

  add(request: RecordedRequest, bodyBytes: number): void {
    this.requests.push(request);
    this.#sizes.push(bodyBytes);
    this.#totalBytes += bodyBytes;
    while (
      this.requests.length > 1 &&
      (this.requests.length > this.#limits.requests || this.#totalBytes > this.#limits.bytes)
    ) {
      this.requests.shift();
      this.#totalBytes -= this.#sizes.shift() ?? 0;
    }
  }
}
