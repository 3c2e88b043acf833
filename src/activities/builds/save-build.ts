/** The build's file system as an image: without journals and caches, and with nothing of the build still running in it. */
import { supervisorPaths } from '../../contracts/sandbox-layout.ts';
import { ProviderUnavailable } from '../../sandbox/errors.ts';
import type { Sandbox } from '../../sandbox/provider.ts';
import type { Attempt } from '../attempt.ts';
import type { ActivityDeps } from '../deps.ts';
import { JournalPump } from '../journal-pump.ts';
import { snapshotOf } from '../snapshot.ts';
import { ask, waitForSupervisor } from '../supervisor-client.ts';
import type { InBuild } from '../types.ts';

/**
 * Once per build, as far as the store knows: an attempt that dies between the provider's snapshot and the store's record of it
 * leaves an image that nobody knows (docs/adr/0013-reaper-and-snapshots.md). Throws `SandboxLost`, `ProviderUnavailable`.
 */
export async function saveBuild(
  deps: ActivityDeps,
  input: InBuild,
  { signal }: Attempt,
): Promise<{ imageId: string }> {
  const { build, sessionId, generation } = input;
  const images = await deps.store.repoImages.list(build.setId);
  const known = images.find(({ number }) => number === build.number)?.imageId ?? null;
  if (known !== null) return { imageId: known };
  const sandbox = await deps.provider.attach(input.sandboxId);
  const { runtimeVersion } = await waitForSupervisor(sandbox, { timeoutSeconds: 30, signal });
  if (await holdsState(sandbox, signal)) {
    await ask(sandbox, { method: 'POST', path: '/quiesce', signal });
    await new JournalPump({ deps, sandbox, sessionId, generation, signal }).stream('/journal', null);
    const code = await run(sandbox, ['rm', '-rf', '--', supervisorPaths.state], signal);
    if (code !== 0) throw new ProviderUnavailable(`the journal could not be removed: rm ended with ${code}`);
  }
  const { imageId } = await snapshotOf(deps, sandbox, signal);
  await deps.store.repoImages.update(build, { imageId, runtimeVersion });
  return { imageId };
}

/** False: an attempt before this one had got that far. */
async function holdsState(sandbox: Sandbox, signal: AbortSignal): Promise<boolean> {
  return (await run(sandbox, ['test', '-e', supervisorPaths.state], signal)) === 0;
}

async function run(sandbox: Sandbox, argv: string[], signal: AbortSignal): Promise<number> {
  const command = await sandbox.exec(argv, { signal });
  for await (const _ of command.stdout);
  return command.wait();
}
