/** One command of a build, once: re-attachable by its name. Its output is in the build's log. */
import { saysLockfileIsOutOfDate } from '../../images/lockfile-refusal.ts';
import { SandboxLost } from '../../sandbox/errors.ts';
import type { Sandbox } from '../../sandbox/provider.ts';
import type { ExecOutcome } from '../../contracts/turn.ts';
import type { Attempt } from '../attempt.ts';
import type { ActivityDeps } from '../deps.ts';
import { followExec } from '../follow-exec.ts';
import type { BuildStepReport, RunBuildStepInput } from '../types.ts';

/** Of what a failed command said last. */
const longestTail = 1_000;

/** Puts back what the command wrote unasked: files of the commit as they are there, others are removed. */
const putBackScript =
  'for path do if git cat-file -e "HEAD:$path" 2>/dev/null; then git checkout -q HEAD -- "$path"; else rm -f -- "$path"; fi; done';
const putBackSeconds = 60;

type Command = { execId: string; argv: string[]; timeoutSeconds: number };
type Ran = { outcome: ExecOutcome; durationMs: number; output: string };

/** A command that fails is a report; one whose sandbox is lost throws `SandboxLost`. */
export async function runBuildStep(
  deps: ActivityDeps,
  input: RunBuildStepInput,
  attempt: Attempt,
): Promise<BuildStepReport> {
  const { step } = input;
  const sandbox = await deps.provider.attach(input.sandboxId);
  const run = async (command: Command): Promise<Ran> => runIn({ deps, input, sandbox, attempt }, command);
  const variables = Object.entries(step.environment).map(([name, value]) => `${name}=${value}`);
  const { timeoutSeconds } = step;
  const first = await run({ execId: step.name, argv: ['env', ...variables, ...step.argv], timeoutSeconds });
  const again =
    step.unfrozenArgv === null || isSuccess(first) || !saysLockfileIsOutOfDate(first.output)
      ? null
      : await run({
          execId: `${step.name}.unfrozen`,
          argv: ['env', ...variables, ...step.unfrozenArgv],
          timeoutSeconds,
        });
  if (step.putBack.length > 0)
    await run({
      execId: `${step.name}.put-back`,
      argv: ['sh', '-c', putBackScript, 'sh', ...step.putBack],
      timeoutSeconds: putBackSeconds,
    });
  const last = again ?? first;
  const durationMs = first.durationMs + (again?.durationMs ?? 0);
  if (!isSuccess(last)) return { succeeded: false, durationMs, message: sentenceOf(last) };
  if (again === null) return { succeeded: true, durationMs };
  const message =
    'the lockfile is out of date: it was installed without it, and nothing of that was committed';
  return { succeeded: true, durationMs, message };
}

type Place = { deps: ActivityDeps; input: RunBuildStepInput; sandbox: Sandbox; attempt: Attempt };

async function runIn({ deps, input, sandbox, attempt }: Place, command: Command): Promise<Ran> {
  const followed = await followExec(
    { ...input, deps, sandbox, attempt, agent: false },
    { ...command, cwd: input.step.cwd },
  );
  if (followed.kind === 'lost') throw new SandboxLost(input.sandboxId, followed.cause);
  return followed.record;
}

function isSuccess({ outcome }: Ran): boolean {
  return outcome.status === 'exited' && outcome.exitCode === 0;
}

function sentenceOf({ outcome, output }: Ran): string {
  return `${howItEnded(outcome)}: ${output.trim().slice(-longestTail)}`;
}

function howItEnded(outcome: ExecOutcome): string {
  switch (outcome.status) {
    case 'exited':
      return `it ended with exit code ${outcome.exitCode}`;
    case 'signalled':
      return `it was ended by ${outcome.signal}`;
    case 'timed-out':
      return 'it took too long';
    case 'failed':
    case 'lost':
      return outcome.message;
  }
}
