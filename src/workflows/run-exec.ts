/** The life of an exec beside the main loop: run once, run again only where it certainly never began, or lost. */
import { runExec } from './activities.ts';
import { afterExecLoss } from './decisions.ts';
import { describeFailure } from './failure.ts';
import { loseExec } from './lose-execs.ts';
import { endedKept, remember } from './remember.ts';
import type { PendingExec } from './session-data.ts';
import type { SessionRun } from './session-run.ts';

/** Never throws. Returns when the exec ended, was lost, or waits for another sandbox. */
export async function runOneExec(run: SessionRun, pending: PendingExec): Promise<void> {
  run.runningExecs.add(pending.id);
  const { falseStarts: _, ...exec } = pending;
  const options = { summary: `exec ${exec.argv.join(' ').slice(0, 100)}` };
  const { sandboxId } = run.sandbox;
  const report = await run
    .inSandbox(async (input) => runExec.executeWithOptions(options, [{ ...input, exec }]))
    .catch((error: unknown) => ({ kind: 'failed' as const, message: describeFailure(error) }));
  // One that is not running any more was given up meanwhile, and whoever waited for it has heard so.
  if (!run.runningExecs.delete(exec.id)) return;
  run.touch();
  if (report.kind === 'ended') {
    const { outcome, output } = report;
    return remember(run.data.endedExecs, { execId: exec.id, outcome, output }, endedKept);
  }
  if (report.kind === 'failed') return loseExec(run, exec.id, report.message);
  const { sandbox } = run.data;
  if (sandbox?.sandboxId === sandboxId) sandbox.lostCause ??= report.cause;
  const next = afterExecLoss(pending, report);
  if (next.do === 'lose') return loseExec(run, exec.id, next.message);
  run.data.pendingExecs.unshift({ ...exec, falseStarts: next.count });
}
