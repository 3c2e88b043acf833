/** The agent's text out of a turn's events. */
import type { SessionEvent } from '../contracts/index.ts';
import { TurnFailed } from './errors.ts';

const blockBreak = '\n\n';

/**
 * Only the agent's text, as it comes; blocks of text are parted by an empty line. A block whose pieces were seen is not
 * repeated when its whole arrives; one that came without pieces is given whole. Throws `TurnFailed` at the end of a
 * turn that failed: the text alone would not show it.
 */
export async function* textOf(events: AsyncIterable<SessionEvent>): AsyncGenerator<string, void> {
  const blocks = new BlockRecord();
  for await (const event of events) {
    if (event.type === 'turn.failed') throw new TurnFailed(event);
    const text = blocks.newTextIn(event);
    if (text !== '') yield text;
  }
}

class BlockRecord {
  /** Blocks whose pieces were seen and whose whole was not, per message. */
  readonly #open = new Map<string, number>();
  #block: string | null = null;

  newTextIn(event: SessionEvent): string {
    if (event.type === 'agent.text.delta') {
      const { messageId, block, text } = event.data;
      const name = `${messageId} ${block}`;
      if (name === this.#block) return text;
      this.#open.set(messageId, (this.#open.get(messageId) ?? 0) + 1);
      return this.#startOf(name, text);
    }
    if (event.type !== 'agent.text') return '';
    const { messageId, text } = event.data;
    const open = this.#open.get(messageId) ?? 0;
    if (open === 0) return this.#startOf(`${messageId} whole ${event.seq}`, text);
    this.#open.set(messageId, open - 1);
    return '';
  }

  #startOf(block: string, text: string): string {
    const first = this.#block === null;
    this.#block = block;
    return first || text === '' ? text : blockBreak + text;
  }
}
