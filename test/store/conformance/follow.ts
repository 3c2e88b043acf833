import { expect, test } from 'vitest';
import type { SessionEvent } from '../../../src/contracts/events.ts';
import { StoreClosed } from '../../../src/store/errors.ts';
import type { FollowOptions, Store } from '../../../src/store/store.ts';
import type { StoreUnderTest } from './subject.ts';
import { messagesOf, oneTo, ownEvent, seqsOf } from './material.ts';

/** Follows until `count` events have come. */
async function take(
  store: Store,
  count: number,
  options: Partial<FollowOptions> = {},
): Promise<SessionEvent[]> {
  const events: SessionEvent[] = [];
  for await (const event of store.events.follow('s', { after: 0, ...options })) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

async function append(store: Store, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n += 1) await store.events.appendOwn('s', [ownEvent(`${n}`)]);
}

export function testFollow({ store, another }: StoreUnderTest): void {
  test('gives what is stored, then what comes, without gap or repeat', async () => {
    await append(store(), 1, 100);
    const following = take(store(), 300);
    await append(store(), 101, 200);
    await append(await another(), 201, 300);
    expect(seqsOf(await following)).toEqual(oneTo(300));
  });

  test('waits for a session that has no event yet', async () => {
    const following = take(store(), 1);
    await append(await another(), 1, 1);
    expect(messagesOf(await following)).toEqual(['1']);
  });

  test('begins after what was seen', async () => {
    await append(store(), 1, 10);
    expect(seqsOf(await take(store(), 3, { after: 7 }))).toEqual([8, 9, 10]);
  });

  test('gives only the types that were asked for', async () => {
    const following = take(store(), 3, { types: ['turn.started'] });
    const started = { type: 'turn.started', data: {} } as const;
    for (const n of oneTo(300)) {
      await store().events.appendOwn('s', [ownEvent(`${n}`, n % 100 === 0 ? { body: started } : {})]);
    }
    expect(seqsOf(await following)).toEqual([100, 200, 300]);
  });

  test('gives the same log through any number of reconnects', async () => {
    const total = 1_000;
    const writer = await another();
    const writing = append(writer, 1, total);
    const seen: SessionEvent[] = [];
    let connections = 0;
    while (seen.length < total) {
      connections += 1;
      const atMost = Math.ceil(Math.random() * 3);
      const part = await take(store(), Math.min(atMost, total - seen.length), { after: seen.length });
      seen.push(...part);
    }
    await writing;
    expect(seqsOf(seen)).toEqual(oneTo(total));
    expect(messagesOf(seen)).toEqual(oneTo(total).map(String));
    expect(connections).toBeGreaterThan(300);
  });

  test('ends when it is aborted, while it waits and while it reads', async () => {
    await append(store(), 1, 200);
    const waiting = new AbortController();
    const followed: SessionEvent[] = [];
    for await (const event of store().events.follow('s', { after: 0, signal: waiting.signal })) {
      followed.push(event);
      // By then it waits for the next one.
      if (followed.length === 200) setTimeout(() => waiting.abort(), 20);
    }
    expect(seqsOf(followed)).toEqual(oneTo(200));

    const reading = new AbortController();
    const events: SessionEvent[] = [];
    for await (const event of store().events.follow('s', { after: 0, signal: reading.signal })) {
      events.push(event);
      if (events.length === 5) reading.abort();
    }
    expect(seqsOf(events)).toEqual(oneTo(5));
    expect(await take(store(), 1, { signal: AbortSignal.abort() })).toEqual([]);
  });

  test('fails when the store is closed', async () => {
    const other = await another();
    const following = take(other, 1);
    // The follower is listening as soon as it was asked for its first event.
    await other.close();
    await expect(following).rejects.toThrow(StoreClosed);
    await expect(take(other, 1)).rejects.toThrow(StoreClosed);
    await expect(other.events.lastSeq('s')).rejects.toThrow(StoreClosed);
  });

  test('lets a slow follower take its time while others are served', async () => {
    const slow = store().events.follow('s', { after: 0 })[Symbol.asyncIterator]();
    await append(store(), 1, 1);
    expect((await slow.next()).value).toMatchObject({ seq: 1 });
    await append(store(), 2, 500);
    expect(seqsOf(await take(store(), 500))).toEqual(oneTo(500));
    const rest: unknown[] = [];
    while (rest.length < 499) rest.push((await slow.next()).value);
    expect(rest.at(0)).toMatchObject({ seq: 2 });
    expect(rest.at(-1)).toMatchObject({ seq: 500 });
    await slow.return?.(undefined);
  });

  test('serves many followers at once', async () => {
    const followers = oneTo(20).map(async () => take(store(), 50));
    await append(await another(), 1, 50);
    for (const events of await Promise.all(followers)) expect(seqsOf(events)).toEqual(oneTo(50));
  });
}
