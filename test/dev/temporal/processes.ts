/** What tests ask about processes. */
import { setTimeout as sleep } from 'node:timers/promises';

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Polls until it holds; an error counts as not yet. Fails after a minute. */
export async function waitFor(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + 60_000;
  let last: unknown;
  while (Date.now() < deadlineMs) {
    try {
      if (await condition()) return;
      last = 'it did not hold';
    } catch (error) {
      last = error;
    }
    await sleep(50);
  }
  throw new Error('waited for 60 s in vain', { cause: last });
}
