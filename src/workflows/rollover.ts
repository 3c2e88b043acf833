/** The end of a sandbox's life: the session moves to the next generation, and a turn that was running goes on there. */
import { openSandbox } from './open-sandbox.ts';
import { endSandboxesOf, snapshot } from './pause.ts';
import type { SessionRun } from './session-run.ts';
import { continueAfterRollover, leaveForRollover } from './transitions.ts';

/** Ends like `openSandbox`. What could not be brought over is told as after every restore. */
export async function rollOver(run: SessionRun): Promise<void> {
  const { sandboxId, endsAt } = run.sandbox;
  run.setPhase({ status: 'pausing' });
  run.emit({ type: 'sandbox.rollover', data: { sandboxId, endsAt } });
  await snapshot(run, 'rollover');
  await endSandboxesOf(run);
  leaveForRollover(run);
  await openSandbox(run, 'rollover');
  continueAfterRollover(run);
}
