/** Faults inside the sandbox: of the supervisor and of the agent process, struck from outside by their process ids. */
import { supervisorPaths } from '../../src/contracts/sandbox-layout.ts';
import { namespaceOf, processesIn, runningContainers } from '../lane/containers.ts';
import type { ContainerProcess } from '../lane/containers.ts';
import type { Lane } from '../lane/lane.ts';
import type { Situation } from '../points/points.ts';
import { whileSandboxLives } from './fault.ts';
import type { Fault } from './fault.ts';
import { wrapAgent } from './wrap-agent.ts';

const isSupervisor = ({ argv }: ContainerProcess): boolean =>
  argv[0] === supervisorPaths.node &&
  argv.some((argument) => argument.startsWith(`${supervisorPaths.programs}/`));
const isAgent = ({ argv }: ContainerProcess): boolean => argv[0]?.endsWith('/claude') === true;
const isWrapper = ({ argv }: ContainerProcess): boolean => argv[1]?.endsWith('/wrapped-agent.mjs') === true;

/** False when there is none. */
function signal(lane: Lane, is: (process: ContainerProcess) => boolean, name: NodeJS.Signals): boolean {
  const found = runningContainers(lane.containersDirectory)
    .flatMap(({ init }) => processesIn(namespaceOf(init) ?? ''))
    .filter(is);
  for (const { pid } of found) process.kill(pid, name);
  return found.length > 0;
}

/** A running turn is continued, once. */
const inSandbox = {
  consequence: 'continuation',
  breadth: 'every-state',
  hasVictim: whileSandboxLives,
} as const;

/** The agent is started with the session, and ended before a snapshot. */
const onAgent = {
  ...inSandbox,
  hasVictim: ({ state, sandboxAlive }: Situation): boolean => sandboxAlive && /^(?:idle|running)/.test(state),
};

const wrapped: Pick<Fault, 'prepare'> = {
  prepare: async ({ lane, points }) => {
    points.whenever('modal-answer', 'SandboxCreateV2', async () => wrapAgent(lane.containersDirectory));
  },
};

/** Longer than an agent takes to start on a busy machine: that is silence, too. */
const silenceSeconds = 20;

export const agentFaults: readonly Fault[] = [
  {
    ...inSandbox,
    name: 'supervisor-kill',
    what: 'supervisor SIGKILL',
    // A sandbox that has just been created has none yet.
    hasVictim: ({ what, sandboxAlive }) => sandboxAlive && what !== 'SandboxCreateV2',
    strike: async ({ lane }) => signal(lane, isSupervisor, 'SIGKILL'),
  },
  {
    ...onAgent,
    name: 'agent-kill',
    what: 'agent SIGKILL',
    strike: async ({ lane }) => signal(lane, isAgent, 'SIGKILL'),
  },
  {
    ...onAgent,
    ...wrapped,
    name: 'agent-garbage',
    what: 'garbage on the agent’s stdout',
    strike: async ({ lane }) => signal(lane, isWrapper, 'SIGUSR2'),
  },
  {
    ...onAgent,
    ...wrapped,
    name: 'agent-exit-0',
    what: 'the agent exits with 0 and no result',
    strike: async ({ lane }) => signal(lane, isWrapper, 'SIGHUP'),
  },
  {
    ...inSandbox,
    name: 'agent-hang',
    what: 'the agent hangs (SIGSTOP)',
    // Silence while a tool runs is no silence, and an agent that hangs cannot say that its tool has ended.
    hasVictim: ({ what, state, sandboxAlive }) =>
      sandboxAlive && /^running\/(?!tool|interrupting)/.test(state) && what !== 'event.tool.started',
    sessionOptions: { silenceSeconds },
    strike: async ({ lane }) => signal(lane, isAgent, 'SIGSTOP'),
  },
];
