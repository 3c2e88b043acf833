import { describe, expect, test } from 'vitest';
import type { SessionEvent } from '../../src/contracts/events.ts';
import { openStore } from '../../src/store/open-store.ts';
import { messagesOf, oneTo, seqsOf } from './conformance/material.ts';
import { startProgram } from './fixtures/program.ts';
import { temporaryFolder } from './temporary-folder.ts';

const writerCount = 4;
const roundCount = 100;
const eventCount = writerCount * roundCount * 2;

async function readAll(dataDirectory: string): Promise<SessionEvent[]> {
  await using store = await openStore({ dataDirectory });
  return await store.events.read('s', { after: 0, limit: 1_000_000 });
}

describe('several processes on one store', () => {
  test('append to one event log, contiguous and unique, and a follower in another process sees all of it in order', async () => {
    await using folder = await temporaryFolder();
    // They all begin on a store that is not there yet.
    await using follower = startProgram('follower.ts', [folder.path, `${eventCount}`]);
    await using writers = new AsyncDisposableStack();
    const started = oneTo(writerCount).map((name) =>
      writers.use(startProgram('writer.ts', [folder.path, `${name}`, `${roundCount}`])),
    );
    for (const writer of started) expect(await writer.ended).toBe(0);

    const events = await readAll(folder.path);
    expect(seqsOf(events)).toEqual(oneTo(eventCount));
    for (const name of oneTo(writerCount)) {
      const own = messagesOf(events).filter((message) => message.startsWith(`${name}-`));
      expect(own).toEqual(oneTo(roundCount).map((n) => `${name}-${n - 1}`));
      const records = messagesOf(events.filter((event) => event.generation === name));
      expect(records).toEqual(oneTo(roundCount).map((n) => `record ${n - 1}`));
    }
    expect(await follower.ended).toBe(0);
    const followed = follower.lines.slice(1).map((line): unknown => JSON.parse(line));
    expect(followed).toMatchObject(events.map(({ seq, data }) => ({ seq, data })));
  });

  test('lose no acknowledged append when a writer is killed, whenever that is', async () => {
    await using folder = await temporaryFolder();
    let acknowledged = 0;
    for (const name of oneTo(8)) {
      await using writer = startProgram('writer.ts', [folder.path, `${name}`, '1000000']);
      await writer.printed(Math.ceil(Math.random() * 60));
      writer.process.kill('SIGKILL');
      expect(await writer.ended).toBe('SIGKILL');

      const events = await readAll(folder.path);
      expect(seqsOf(events)).toEqual(oneTo(events.length));
      const rounds = writer.lines.length;
      const own = messagesOf(events).filter((message) => message.startsWith(`${name}-`));
      const records = messagesOf(events.filter((event) => event.generation === name));
      expect(own.length).toBeGreaterThanOrEqual(rounds);
      expect(records.length).toBeGreaterThanOrEqual(rounds);
      expect(own.length - records.length).toBeLessThanOrEqual(1);
      acknowledged += rounds;
    }
    expect(acknowledged).toBeGreaterThan(8);
  });

  test('are heard of even when nobody rang', async () => {
    await using folder = await temporaryFolder();
    await using store = await openStore({ dataDirectory: folder.path });
    const follower = store.events.follow('s', { after: 0 })[Symbol.asyncIterator]();
    const first = follower.next();
    // What a writer leaves that is killed between its commit and its ring.
    const { default: Database } = await import('better-sqlite3');
    const database = new Database(`${folder.path}/store.sqlite`);
    database.exec(
      `insert into events (session_id, seq, generation, at, type, data_json)
       values ('s', 1, 0, '2026-03-01T00:00:00.000Z', 'warning', '{"message":"unheard"}')`,
    );
    database.close();
    expect((await first).value).toMatchObject({ seq: 1, data: { message: 'unheard' } });
    await follower.return?.(undefined);
  });
});
