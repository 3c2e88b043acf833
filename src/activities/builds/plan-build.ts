/** What a build has to do, from the files of its repositories. */
import type { RepositoryHead } from '../../contracts/checkpoint.ts';
import { repositoriesOf } from '../../contracts/session-input.ts';
import { supervisorFilesSchema } from '../../contracts/supervisor.ts';
import type { SupervisorFiles, SupervisorFilesRequest } from '../../contracts/supervisor.ts';
import { detectToolchain } from '../../images/detection/detect-toolchain.ts';
import { filesToRead, headBytes, maxWholeBytes } from '../../images/detection/files.ts';
import { planInstall, pythonPlacesOf } from '../../images/install-toolchain.ts';
import type { Sandbox } from '../../sandbox/provider.ts';
import type { Attempt } from '../attempt.ts';
import type { ActivityDeps } from '../deps.ts';
import { ask } from '../supervisor-client.ts';
import type { PlanBuildInput, PlannedBuild } from '../types.ts';

/** One more than a whole file may have, so that one that is longer shows. */
const bytesOf = { whole: maxWholeBytes + 1, head: headBytes, presence: 1 } as const;

const wanted: SupervisorFilesRequest['files'] = filesToRead.map(({ path, read }) => ({
  path,
  mostBytes: bytesOf[read],
}));

/** What was found is in the store's account of the build, with the heads that it is built from. */
export async function planBuild(
  deps: ActivityDeps,
  { build, session, sandboxId, setup }: PlanBuildInput,
  { signal }: Attempt,
): Promise<PlannedBuild> {
  const sandbox = await deps.provider.attach(sandboxId);
  const heads: RepositoryHead[] = [];
  const repositories = [];
  for (const { name } of repositoriesOf(session)) {
    const { head, files, blobIds } = await read(sandbox, name, signal);
    heads.push(head);
    const toolchain = detectToolchain({
      files: new Map(Object.entries(files)),
      blobIds: new Map(Object.entries(blobIds)),
      places: pythonPlacesOf(name),
    });
    repositories.push({ name, toolchain });
  }
  const { steps, warnings, toolchain, fingerprint } = planInstall({ repositories, setup });
  await deps.store.repoImages.update(build, { heads, toolchain, fingerprint });
  return { steps, warnings };
}

async function read(sandbox: Sandbox, repository: string, signal: AbortSignal): Promise<SupervisorFiles> {
  const body = JSON.stringify({ repository, files: wanted } satisfies SupervisorFilesRequest);
  const answer = await ask(sandbox, { path: '/files', body, signal });
  return supervisorFilesSchema.parse(JSON.parse(answer.toString('utf8')));
}
