/** The longest time a timer of Node can have; about 24 days. */
const longestTimerMs = 2 ** 31 - 1;

/** Calls `act` once after so many seconds, without keeping the process alive for it. */
export function startTimer(seconds: number, act: () => void): NodeJS.Timeout {
  return setTimeout(act, Math.min(seconds * 1000, longestTimerMs)).unref();
}
