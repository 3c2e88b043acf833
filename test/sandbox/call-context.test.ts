import { afterEach, describe, expect, test } from 'vitest';
import { bounded, portCall } from '../../src/sandbox/call-context.ts';
import { ProviderBusy, ProviderUnavailable } from '../../src/sandbox/errors.ts';

const released: (() => void)[] = [];
afterEach(() => {
  for (const release of released.splice(0)) release();
});

/** A call that is never answered. */
async function silence(): Promise<never> {
  const { promise, resolve } = Promise.withResolvers<void>();
  released.push(resolve);
  await promise;
  throw new Error('answered at last, too late');
}

describe('a call under a deadline', () => {
  const bounds = { what: 'list sandboxes', timeoutSeconds: 60 };

  test('gives what the work gives', async () => {
    expect(await bounded(bounds, async () => 'an answer')).toBe('an answer');
  });

  test('rejects with what the work rejects with', async () => {
    const error = new ProviderBusy('no room');
    await expect(bounded(bounds, async () => Promise.reject(error))).rejects.toBe(error);
  });

  test('is unavailable at its deadline, and says what it was about', async () => {
    const call = bounded({ what: 'create sandbox a-g1', timeoutSeconds: 0.02 }, silence);
    await expect(call).rejects.toThrow(ProviderUnavailable);
    await expect(call).rejects.toThrow('create sandbox a-g1: no answer within 0.02 s');
  });

  test('rejects with its caller’s reason as soon as that gives up', async () => {
    const abort = new AbortController();
    const reason = new Error('not needed');
    const call = bounded({ ...bounds, signal: abort.signal }, silence);
    abort.abort(reason);
    await expect(call).rejects.toBe(reason);
  });

  test('is not begun for a caller that has given up already', async () => {
    let begun = false;
    const reason = new Error('not needed');
    const call = bounded({ ...bounds, signal: AbortSignal.abort(reason) }, async () => {
      begun = true;
    });
    await expect(call).rejects.toBe(reason);
    expect(begun).toBe(false);
  });

  test('rejects with its caller’s reason although the request fails of it first', async () => {
    const abort = new AbortController();
    const reason = new Error('not needed');
    const call = bounded({ ...bounds, signal: abort.signal }, async () => {
      abort.abort(reason);
      throw new Error('CANCELLED: the request was aborted');
    });
    await expect(call).rejects.toBe(reason);
  });
});

describe('a call of the port', () => {
  const bounds = { what: 'list sandboxes', timeoutSeconds: 60 };

  test('fails with an error of the port that begins with what it was about', async () => {
    const call = portCall(bounds, async () => Promise.reject(new Error('socket hang up')));
    await expect(call).rejects.toThrow(ProviderUnavailable);
    await expect(call).rejects.toThrow('list sandboxes: socket hang up');
  });

  test('lets its caller’s own reason through as it is', async () => {
    const reason = new Error('not needed');
    const call = portCall({ ...bounds, signal: AbortSignal.abort(reason) }, silence);
    await expect(call).rejects.toBe(reason);
  });
});
