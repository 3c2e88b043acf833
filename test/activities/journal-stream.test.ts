import { describe, expect, test } from 'vitest';
import { streamJournal } from '../../src/activities/journal-stream.ts';
import type { PlacedRecord } from '../../src/activities/journal-stream.ts';
import { SupervisorAbsent, SupervisorRefused } from '../../src/activities/supervisor-client.ts';
import type { StreamEnd } from '../../src/contracts/supervisor.ts';
import { SandboxLost } from '../../src/sandbox/errors.ts';
import type { Sandbox } from '../../src/sandbox/provider.ts';

const at = '2026-01-01T00:00:00.000Z';

/** A line of the journal; `word` makes it as long as a case needs. */
function line(word: string): string {
  const event = { type: 'agent.text', data: { messageId: 'm', text: word } };
  return `${JSON.stringify({ kind: 'event', at, turnId: 't', event })}\n`;
}

const endLine = `${JSON.stringify({ kind: 'stream.end', next: 0, record: null })}\n`;

/** A sandbox in which curl prints `chunks` and ends with `code`. */
function sandboxWith(curl: { chunks: Uint8Array[]; code?: number; isRunning?: boolean }): Sandbox {
  const never = (): never => {
    throw new TypeError('not asked for here');
  };
  return {
    sandboxId: 'sb-1',
    exec: async () => ({
      stdout: (async function* () {
        yield* curl.chunks;
      })(),
      stderr: async () => 'curl: what it said',
      wait: async () => curl.code ?? 0,
    }),
    isRunning: async () => curl.isRunning ?? true,
    snapshot: never,
    terminate: never,
  };
}

/** In pieces of `step` bytes, wherever characters and lines begin. */
function cutInto(text: string, step: number): Uint8Array[] {
  const bytes = Buffer.from(text);
  const count = Math.ceil(bytes.length / step);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * step, (index + 1) * step));
}

async function read(
  sandbox: Sandbox,
  more: { from?: number; signal?: AbortSignal } = {},
): Promise<{ end: StreamEnd; records: PlacedRecord[]; batches: number }> {
  const records: PlacedRecord[] = [];
  let batches = 0;
  const end = await streamJournal(sandbox, {
    path: '/journal',
    from: 0,
    ...more,
    onRecords: async (batch) => {
      batches += 1;
      records.push(...batch);
    },
  });
  return { end, records, batches };
}

function textsOf(records: readonly PlacedRecord[]): string[] {
  return records.flatMap(({ record }) =>
    record.kind === 'event' && record.event.type === 'agent.text' ? [record.event.data.text] : [],
  );
}

describe('the journal', () => {
  const lines = [line('one'), line('zwölf 😀'), line('')];
  const whole = lines.join('') + endLine;

  test.each([1, 2, 7, 100, 10_000])(
    'is read whole from pieces of %i bytes, each record at its place',
    async (step) => {
      const { records, end } = await read(sandboxWith({ chunks: cutInto(whole, step) }), { from: 1_000 });
      expect(textsOf(records)).toEqual(['one', 'zwölf 😀', '']);
      let offset = 1_000;
      for (const [index, text] of lines.entries()) {
        const endOffset = offset + Buffer.byteLength(text);
        expect(records[index]).toMatchObject({ offset, endOffset });
        offset = endOffset;
      }
      expect(end).toEqual({ kind: 'stream.end', next: 0, record: null });
    },
  );

  test('hands on the records of one chunk together, and none twice', async () => {
    const chunks = [Buffer.from(line('a') + line('b')), Buffer.from(line('c') + endLine)];
    const { records, batches } = await read(sandboxWith({ chunks }));
    expect(textsOf(records)).toEqual(['a', 'b', 'c']);
    expect(batches).toBe(2);
  });

  test('has its places whatever says in between that the stream is alive', async () => {
    const alive = `${JSON.stringify({ kind: 'stream.alive' })}\n`;
    const chunks = [
      Buffer.from(alive + line('a') + alive),
      Buffer.from(alive),
      Buffer.from(line('b') + endLine),
    ];
    const { records, batches } = await read(sandboxWith({ chunks }));
    expect(records.map(({ offset, endOffset }) => [offset, endOffset])).toEqual([
      [0, line('a').length],
      [line('a').length, line('a').length + line('b').length],
    ]);
    expect(batches).toBe(2);
  });

  test('may have a line as long as a file, which comes in many pieces', async () => {
    const long = 'x'.repeat(20_000_000);
    const { records } = await read(
      sandboxWith({ chunks: cutInto(line('a') + line(long) + endLine, 16_384) }),
    );
    expect(textsOf(records).map((text) => text.length)).toEqual([1, long.length]);
  });

  test('may be empty but for its last line', async () => {
    expect(await read(sandboxWith({ chunks: [Buffer.from(endLine)] }))).toMatchObject({
      records: [],
      batches: 0,
    });
  });
});

describe('a stream that was cut', () => {
  test('is SupervisorAbsent without its last line, and a torn record is not handed on', async () => {
    const seen: PlacedRecord[] = [];
    const torn = line('a') + line('b').slice(0, -3);
    const reading = streamJournal(sandboxWith({ chunks: [Buffer.from(torn)] }), {
      path: '/journal',
      from: 0,
      onRecords: async (batch) => void seen.push(...batch),
    });
    await expect(reading).rejects.toThrow(SupervisorAbsent);
    expect(textsOf(seen)).toEqual(['a']);
  });

  test('is SupervisorAbsent when curl says so, with its code and words', async () => {
    const cut = sandboxWith({ chunks: [Buffer.from(line('a'))], code: 18 });
    await expect(read(cut)).rejects.toThrow(SupervisorAbsent);
    await expect(read(cut)).rejects.toThrow('curl ended with 18: curl: what it said');
  });

  test('is SandboxLost when the sandbox has gone with it', async () => {
    const gone = sandboxWith({ chunks: [], code: 137, isRunning: false });
    await expect(read(gone)).rejects.toThrow(SandboxLost);
  });

  test('ends with the reason of the one who wants it no more, before anything curl says', async () => {
    const abort = new AbortController();
    abort.abort(new Error('enough'));
    const cut = sandboxWith({ chunks: [Buffer.from(line('a'))], code: 18 });
    await expect(read(cut, { signal: abort.signal })).rejects.toThrow('enough');
  });
});

describe('a refusal', () => {
  const body = JSON.stringify({ error: 'conflict', message: 'another text' });

  test.each([1, 5, 1_000])('is read from its body in pieces of %i bytes', async (step) => {
    const refused = sandboxWith({ chunks: cutInto(body, step), code: 22 });
    await expect(read(refused)).rejects.toThrow(SupervisorRefused);
    await expect(read(refused)).rejects.toMatchObject({ error: 'conflict', message: 'another text' });
  });

  test('is read from a body that ends with a line break, too', async () => {
    const refused = sandboxWith({ chunks: [Buffer.from(`${body}\n`)], code: 22 });
    await expect(read(refused)).rejects.toMatchObject({ error: 'conflict' });
  });

  test('that is none of ours is told as it came', async () => {
    const refused = sandboxWith({ chunks: [Buffer.from('Bad Gateway')], code: 22 });
    await expect(read(refused)).rejects.toMatchObject({
      error: 'internal',
      message: 'unexpected answer: Bad Gateway',
    });
  });
});

test('a line that is no record is a defect, not passed over', async () => {
  const strange = `${JSON.stringify({ kind: 'no such kind', at })}\n`;
  await expect(read(sandboxWith({ chunks: [Buffer.from(strange + endLine)] }))).rejects.toThrow();
});

test('what the reader of records throws ends the stream', async () => {
  const reading = streamJournal(sandboxWith({ chunks: [Buffer.from(line('a') + endLine)] }), {
    path: '/journal',
    from: 0,
    onRecords: async () => {
      throw new Error('the store is closed');
    },
  });
  await expect(reading).rejects.toThrow('the store is closed');
});
