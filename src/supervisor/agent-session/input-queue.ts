/** What the agent is told while its process lives, as the Agent SDK wants it: one iterable that ends when the agent is to end. */
import type { SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';

export class InputQueue implements AsyncIterable<SDKUserMessage> {
  readonly #waiting: SDKUserMessage[] = [];
  #ended = false;
  #changed = Promise.withResolvers<void>();

  push(message: SDKUserMessage): void {
    this.#waiting.push(message);
    this.#changed.resolve();
  }

  end(): void {
    this.#ended = true;
    this.#changed.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SDKUserMessage> {
    for (;;) {
      for (let message = this.#waiting.shift(); message !== undefined; message = this.#waiting.shift())
        yield message;
      if (this.#ended) return;
      await this.#changed.promise;
      this.#changed = Promise.withResolvers();
    }
  }
}
