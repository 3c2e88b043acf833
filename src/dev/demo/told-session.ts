/** A session of the demo: its events are shown as they come, and a step ends below the events that belong to it. */
import { EventEmitter, once } from 'node:events';
import type { Session } from '../../client.ts';
import type { SessionEvent } from '../../contracts/events.ts';
import { isTurnEnd } from '../../contracts/events.ts';
import type { Printer } from './print.ts';

export class StoryFailed extends Error {
  override readonly name = 'StoryFailed';
}

export function insist(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new StoryFailed(otherwise);
}

export class ToldSession {
  readonly session: Session;
  readonly seen: SessionEvent[] = [];
  /** Ends with the session, or when the demo is stopped. */
  readonly told: Promise<void>;
  readonly #signal: AbortSignal;
  readonly #shown = new EventEmitter();

  constructor(session: Session, options: { printer: Printer; signal: AbortSignal }) {
    this.session = session;
    this.#signal = options.signal;
    this.told = this.#tell(options.printer);
    this.told.catch(() => undefined);
  }

  async #tell(printer: Printer): Promise<void> {
    for await (const event of this.session.events({ signal: this.#signal })) {
      this.seen.push(event);
      printer.event(event);
      this.#shown.emit('event');
    }
  }

  async completed(prompt: string, id: string): Promise<{ text: string }> {
    const result = await this.session.prompt(prompt, { id }).result();
    if (result.status === 'failed') throw new StoryFailed(`turn ${id} failed: ${result.failure.message}`);
    insist(result.status === 'completed', `turn ${id} was ${result.status}`);
    await this.until((event) => event.turnId === id && isTurnEnd(event));
    return result;
  }

  /** Until what is wanted was shown: a step begins below the events that led to it. */
  async until(wanted: (event: SessionEvent) => boolean): Promise<void> {
    while (!this.seen.some(wanted)) await once(this.#shown, 'event', { signal: this.#signal });
  }

  async output(...argv: string[]): Promise<string> {
    return (await this.session.exec(argv)).output.trim();
  }
}
