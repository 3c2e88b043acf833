import { describe, expect, test } from 'vitest';
import { createCoalescer, type DeltaBody } from '../../src/agent/coalesce.ts';

function createStand(flushAtCharacters?: number) {
  const emitted: string[] = [];
  let due: (() => void) | null = null;
  const delays: number[] = [];
  const coalescer = createCoalescer({
    emit: ({ data }) => emitted.push(`${data.messageId}.${data.block} ${data.text}`),
    ...(flushAtCharacters === undefined ? {} : { flushAtCharacters }),
    timers: {
      set: (callback, delayMs) => {
        delays.push(delayMs);
        due = callback;
        return callback;
      },
      clear: () => {
        due = null;
      },
    },
  });
  return {
    emitted,
    delays,
    coalescer,
    add: (text: string, block = 0, type: DeltaBody['type'] = 'agent.text.delta') =>
      coalescer.add({ type, data: { messageId: 'm', block, text } }),
    timeout: () => due?.(),
  };
}

describe('pieces of text', () => {
  test('are joined until 10 ms after the first of them', () => {
    const stand = createStand();
    stand.add('a');
    stand.add('b');
    expect([stand.emitted, stand.delays]).toEqual([[], [10]]);
    stand.timeout();
    stand.add('c');
    stand.timeout();
    expect([stand.emitted, stand.delays]).toEqual([
      ['m.0 ab', 'm.0 c'],
      [10, 10],
    ]);
  });

  test('of another block or kind let out what waits', () => {
    const stand = createStand();
    stand.add('a', 0);
    stand.add('b', 1);
    stand.add('c', 1, 'agent.thinking.delta');
    stand.coalescer.flush();
    expect(stand.emitted).toEqual(['m.0 a', 'm.1 b', 'm.1 c']);
  });

  test('do not grow without bound', () => {
    const stand = createStand(4);
    for (const piece of ['ab', 'cd', 'ef']) stand.add(piece);
    expect(stand.emitted).toEqual(['m.0 abcd']);
    stand.coalescer.flush();
    stand.coalescer.flush();
    expect(stand.emitted).toEqual(['m.0 abcd', 'm.0 ef']);
  });
});
