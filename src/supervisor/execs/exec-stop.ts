/** What ends an exec before its own end: its time limit and the abort. The first of them wins, whatever the exec is at. */
import type { SupervisorExecRequest } from '../../contracts/supervisor.ts';
import type { ExecOutcome } from '../../contracts/turn.ts';
import { runNameOf } from '../processes/run-name.ts';
import { endRun } from '../processes/sweep.ts';
import type { Settings } from '../settings.ts';

export type ExecStop = {
  /** The name of the run: what carries it is ended. */
  run: string;
  /** Aborted as soon as the exec is to end. */
  signal: AbortSignal;
  /** The command runs as that process. */
  started(pid: number | undefined): void;
  cancel(): void;
  /** When all of it is gone; undefined when it ended by itself. */
  outcome(): Promise<ExecOutcome | undefined>;
};

type StopInput = { settings: Settings; request: SupervisorExecRequest; signal: AbortSignal };

/** Ends the run of the exec at its time limit, or when the exec is aborted. */
export function stopOnTime({ settings, request, signal }: StopInput): ExecStop {
  const run = runNameOf(settings, `exec.${request.execId}`);
  const stopping = new AbortController();
  let root: { root?: number } = {};
  let stopped: Promise<ExecOutcome> | undefined;
  const stop = (outcome: ExecOutcome): void => {
    stopping.abort();
    stopped ??= endRun(settings, { name: run, ...root }).then(() => outcome);
  };
  const timer = setTimeout(() => stop({ status: 'timed-out' }), request.timeoutSeconds * 1_000);
  const abort = (): void => stop({ status: 'lost', message: 'it was ended for a snapshot of the sandbox' });
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  return {
    run,
    signal: stopping.signal,
    started: (pid) => {
      root = pid === undefined ? {} : { root: pid };
    },
    cancel: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    },
    outcome: async () => stopped,
  };
}
