import { expect, test } from 'vitest';
import { ImageGone } from '../../../src/sandbox/errors.ts';
import { run } from '../processes.ts';
import { identity, type SandboxesUnderTest } from './subject.ts';

export function testCreate(subject: SandboxesUnderTest): void {
  const { create, nameOf, runId, provider, image, shared } = subject;

  test('a repeated create finds the same sandbox, also two at once', async () => {
    const first = await create('twice');
    await run(first, ['touch', '/marker']);
    const second = await create('twice');
    expect(second.sandboxId).toBe(first.sandboxId);
    expect((await run(second, ['ls', '/marker'])).code).toBe(0);
    const [left, right] = await Promise.all([create('race'), create('race')]);
    expect(left.sandboxId).toBe(right.sandboxId);
    expect(await provider().list({ suite: runId, kind: 'any' })).toHaveLength(2);
  });

  test('the name of one that ended can be used again', async () => {
    const first = await create('again');
    await first.terminate();
    expect(await provider().findByName(nameOf('again'))).toBeNull();
    const second = await create('again');
    expect(second.sandboxId).not.toBe(first.sandboxId);
  });

  test('a running sandbox is found by its name and attached to by its id', async () => {
    const found = await provider().findByName(nameOf('shared'));
    expect(found?.sandboxId).toBe(shared().sandboxId);
    const attached = await provider().attach(shared().sandboxId);
    expect((await run(attached, ['echo', 'here'])).stdout).toBe('here\n');
    expect(await provider().findByName(nameOf('absent'))).toBeNull();
  });

  test('an image that does not exist is ImageGone', async () => {
    const failure = await create('no-image', { image: { imageId: 'im-0000000000000000000000' } }).catch(
      identity,
    );
    expect(failure).toBeInstanceOf(ImageGone);
    expect(await provider().findByName(nameOf('no-image'))).toBeNull();
  });

  test('an aborted create rejects with the reason', async () => {
    const failure = await provider()
      .create({
        name: nameOf('aborted'),
        image: image(),
        command: ['sleep', 'infinity'],
        tags: { suite: runId },
        timeoutSeconds: 60,
        signal: AbortSignal.abort(new Error('never mind')),
      })
      .catch(identity);
    expect(failure).toMatchObject({ message: 'never mind' });
  });

  test('the running sandboxes that have all the tags are listed, with their names, tags and beginnings', async () => {
    const before = new Date().toISOString();
    const one = await create('tagged-1', { tag: 'listed' });
    const two = await create('tagged-2', { tag: 'listed' });
    const listed = await provider().list({ suite: runId, kind: 'listed' });
    const tags = { suite: runId, kind: 'listed' };
    const createdAt = expect.stringMatching(/^20.*Z$/);
    expect(listed.toSorted(byId)).toEqual(
      [
        { sandboxId: one.sandboxId, name: nameOf('tagged-1'), tags, createdAt },
        { sandboxId: two.sandboxId, name: nameOf('tagged-2'), tags, createdAt },
      ].toSorted(byId),
    );
    for (const { createdAt: created } of listed) {
      expect(created?.localeCompare(before)).toBeGreaterThanOrEqual(0);
      expect(created?.localeCompare(new Date().toISOString())).toBeLessThanOrEqual(0);
    }
    await one.terminate();
    expect(await provider().list({ suite: runId, kind: 'listed' })).toHaveLength(1);
  });
}

function byId(a: { sandboxId: string }, b: { sandboxId: string }): number {
  return a.sandboxId < b.sandboxId ? -1 : 1;
}
