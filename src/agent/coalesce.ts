/** Joins the agent's text pieces, which come token by token, into fewer events: one at most every few milliseconds. */
import type { EventBody } from '../contracts/events.ts';

export type DeltaBody = Extract<EventBody, { type: 'agent.text.delta' | 'agent.thinking.delta' }>;

type Timers = {
  set(callback: () => void, delayMs: number): unknown;
  clear(handle: unknown): void;
};

export type Coalescer = {
  add(delta: DeltaBody): void;
  /** Emits what waits. Call it before any other event is written, so that the order stays. */
  flush(): void;
};

export type CoalescerOptions = {
  emit: (delta: DeltaBody) => void;
  /** A piece waits at most this long. */
  flushAfterMs?: number;
  /** Joined text is emitted at once from this length on. */
  flushAtCharacters?: number;
  timers?: Timers;
};

const realTimers: Timers = {
  set: (callback, delayMs) => setTimeout(callback, delayMs),
  clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

/** Only consecutive pieces of the same message, block and type are joined. */
export function createCoalescer(options: CoalescerOptions): Coalescer {
  const { emit, flushAfterMs = 10, flushAtCharacters = 8_192, timers = realTimers } = options;
  let waiting: DeltaBody | null = null;
  let timer: unknown = null;

  const flush = (): void => {
    if (timer !== null) timers.clear(timer);
    timer = null;
    const delta = waiting;
    waiting = null;
    if (delta !== null) emit(delta);
  };

  return {
    add(delta) {
      if (waiting !== null && !continues(waiting, delta)) flush();
      waiting = waiting === null ? delta : joined(waiting, delta);
      timer ??= timers.set(flush, flushAfterMs);
      if (waiting.data.text.length >= flushAtCharacters) flush();
    },
    flush,
  };
}

function continues(first: DeltaBody, second: DeltaBody): boolean {
  return (
    first.type === second.type &&
    first.data.messageId === second.data.messageId &&
    first.data.block === second.data.block
  );
}

function joined(first: DeltaBody, second: DeltaBody): DeltaBody {
  return { ...first, data: { ...first.data, text: first.data.text + second.data.text } };
}
