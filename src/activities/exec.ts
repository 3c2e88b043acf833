/** One exec of a session, as its workflow is told of it. */
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { followExec } from './follow-exec.ts';
import type { ExecReport, RunExecInput } from './types.ts';

export async function runExec(
  deps: ActivityDeps,
  input: RunExecInput,
  attempt: Attempt,
): Promise<ExecReport> {
  const { id: execId, argv, cwd, timeoutSeconds } = input.exec;
  const sandbox = await deps.provider.attach(input.sandboxId);
  const body = { execId, argv, timeoutSeconds, ...(cwd === undefined ? {} : { cwd }) };
  const followed = await followExec({ ...input, deps, sandbox, attempt }, body);
  if (followed.kind === 'ended') {
    const { outcome, output } = followed.record;
    return { kind: 'ended', outcome, output };
  }
  const { cause, started, ended } = followed;
  // Its output is in the event log.
  if (ended !== null) return { kind: 'ended', outcome: ended.outcome, output: '' };
  return { kind: 'sandbox-lost', cause, started };
}
