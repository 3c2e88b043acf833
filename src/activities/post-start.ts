/** Posts `/start`: what the session asks for, its opened credentials, and what a restore brings back. */
import { branchOf } from '../contracts/ids.ts';
import { repositoriesOf } from '../contracts/session-input.ts';
import type { SessionInput } from '../contracts/session-input.ts';
import type { StartRequest } from '../contracts/supervisor.ts';
import type { Sandbox } from '../sandbox/provider.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { StartFailed, StartFailedForNow } from './errors.ts';
import { JournalPump } from './journal-pump.ts';
import { SupervisorAbsent } from './supervisor-client.ts';
import type { StartedSupervisor } from './types.ts';

/** Cloning from a server that does not answer is tried this often before the start has failed. */
const networkAttempts = 5;

export type PostStart = {
  session: SessionInput;
  generation: number;
  sandbox: Sandbox;
  restore?: StartRequest['restore'] | undefined;
  fromRepoImage?: boolean;
  agent?: boolean;
};

/** Posts `/start`; also after a restart of the supervisor, which has lost its secrets then. */
export async function postStart(
  deps: ActivityDeps,
  input: PostStart,
  attempt: Attempt,
): Promise<StartedSupervisor> {
  const { session, generation, sandbox, restore, fromRepoImage, agent = true } = input;
  const opened = deps.vault.open(session);
  const body: Omit<StartRequest, 'from'> = {
    sessionId: session.sessionId,
    generation,
    agent,
    repositories: repositoriesOf(session),
    fromRepoImage: fromRepoImage ?? false,
    branch: agent ? branchOf(session.sessionId) : null,
    user: session.user,
    model: {
      url: deps.modelUrl,
      ...(session.options.model === undefined ? {} : { name: session.options.model }),
    },
    environment: session.options.environment,
    secrets: opened.values,
    ...(restore === undefined ? {} : { restore }),
  };
  const pump = new JournalPump({
    deps,
    sandbox,
    sessionId: session.sessionId,
    generation,
    signal: attempt.signal,
  });
  const record = await pump.stream('/start', body, { namedSecrets: opened.named });
  if (record?.kind === 'start.finished')
    return { heads: record.heads, runtimeVersion: record.runtimeVersion };
  if (record?.kind !== 'start.failed') throw new SupervisorAbsent('the start ended without its record');
  const { kind, message } = record.failure;
  throw kind === 'network' && attempt.number < networkAttempts
    ? new StartFailedForNow(message)
    : new StartFailed(message, kind);
}
