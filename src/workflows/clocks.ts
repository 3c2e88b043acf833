/** The session's clocks (I12): when each of them acts, as far as one runs. State in, times out; the timer is in `watchers.ts`. */
import type { SessionOptions } from '../contracts/session-input.ts';
import type { SessionClocks } from '../contracts/session-state.ts';
import { isIdle } from './decisions.ts';
import type { SessionData } from './session-data.ts';

export type ClockName = keyof SessionClocks;

/** Part of a sandbox's life that a rollover takes at most. */
const largestWindow = 1 / 4;

/** Milliseconds since the epoch; null where none runs. */
export function clocksOf(
  data: SessionData,
  options: SessionOptions,
  runningExecs: number,
): Record<ClockName, number | null> {
  const { asked } = data;
  if (asked.close !== 'no') return { pausesAt: null, turnEndsAt: null, rollsOverAt: null, closesAt: null };
  return {
    pausesAt:
      data.sandbox !== null && asked.pause === 'no' && isIdle(data, runningExecs)
        ? after(data.lastActivityAt, options.idleSeconds)
        : null,
    turnEndsAt: turnEnd(data, options),
    rollsOverAt: rollover(data, options, runningExecs),
    closesAt:
      data.phase.status === 'paused' && data.pausedAt !== null
        ? after(data.pausedAt, options.retentionSeconds)
        : null,
  };
}

/** The one that acts first. */
export function nextClock(
  clocks: Record<ClockName, number | null>,
): { name: ClockName; atMs: number } | null {
  const running = (Object.keys(clocks) as ClockName[]).flatMap((name) => {
    const atMs = clocks[name];
    return atMs === null ? [] : [{ name, atMs }];
  });
  return running.toSorted((one, other) => one.atMs - other.atMs)[0] ?? null;
}

export function shownClocks(clocks: Record<ClockName, number | null>): SessionClocks {
  const shown = (atMs: number | null): string | null => (atMs === null ? null : new Date(atMs).toISOString());
  return {
    pausesAt: shown(clocks.pausesAt),
    turnEndsAt: shown(clocks.turnEndsAt),
    rollsOverAt: shown(clocks.rollsOverAt),
    closesAt: shown(clocks.closesAt),
  };
}

function turnEnd({ phase, queue }: SessionData, { turnSeconds }: SessionOptions): number | null {
  const [prompt] = queue;
  if (phase.status !== 'running' || prompt?.startedAt === undefined || prompt.overTime) return null;
  return after(prompt.startedAt, turnSeconds);
}

/** First gently, and in the middle of what is left then, whatever runs. */
function rollover(data: SessionData, options: SessionOptions, runningExecs: number): number | null {
  const { sandbox, asked, phase } = data;
  const isOpen = phase.status === 'idle' || phase.status === 'running';
  if (sandbox === null || sandbox.lostCause !== undefined || !isOpen || asked.rollover === 'now') return null;
  const windowSeconds = Math.min(options.rolloverSeconds, options.sandboxLifetimeSeconds * largestWindow);
  if (asked.rollover === 'soon') return runningExecs > 0 ? after(sandbox.endsAt, -windowSeconds / 2) : null;
  return after(sandbox.endsAt, -windowSeconds);
}

function after(at: string, seconds: number): number {
  return Date.parse(at) + seconds * 1_000;
}
