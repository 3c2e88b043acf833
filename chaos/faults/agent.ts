/** Faults inside the sandbox: of the supervisor and of the agent process, struck from outside by their process ids. */
import { namespaceOf, processesIn, runningContainers } from '../lane/containers.ts';
import type { ContainerProcess } from '../lane/containers.ts';
import type { Lane } from '../lane/lane.ts';
import { whileSandboxLives } from './fault.ts';
import type { Fault } from './fault.ts';
import { wrapAgent } from './wrap-agent.ts';

const isSupervisor = ({ argv }: ContainerProcess): boolean =>
  argv[0] === '/opt/harvest/bin/node' && argv[1]?.startsWith('/opt/harvest/supervisor/') === true;
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

const wrapped: Pick<Fault, 'prepare'> = {
  prepare: async ({ lane, points }) => {
    points.whenever('modal-answer', 'SandboxCreateV2', async () => wrapAgent(lane.containersDirectory));
  },
};

/** Shorter than any step, so that a run with a silent agent goes on soon. */
const silenceSeconds = 4;

export const agentFaults: readonly Fault[] = [
  {
    ...inSandbox,
    name: 'supervisor-kill',
    what: 'supervisor SIGKILL',
    strike: async ({ lane }) => signal(lane, isSupervisor, 'SIGKILL'),
  },
  {
    ...inSandbox,
    name: 'agent-kill',
    what: 'agent SIGKILL',
    strike: async ({ lane }) => signal(lane, isAgent, 'SIGKILL'),
  },
  {
    ...inSandbox,
    ...wrapped,
    name: 'agent-garbage',
    what: 'garbage on the agent’s stdout',
    strike: async ({ lane }) => signal(lane, isWrapper, 'SIGUSR2'),
  },
  {
    ...inSandbox,
    ...wrapped,
    name: 'agent-exit-0',
    what: 'the agent exits with 0 and no result',
    strike: async ({ lane }) => signal(lane, isWrapper, 'SIGHUP'),
  },
  {
    ...inSandbox,
    name: 'agent-hang',
    what: 'the agent hangs (SIGSTOP)',
    // Silence while a tool runs is no silence.
    hasVictim: ({ state, sandboxAlive }) => sandboxAlive && /^running\/(?!tool|interrupting)/.test(state),
    sessionOptions: { silenceSeconds },
    strike: async ({ lane }) => signal(lane, isAgent, 'SIGSTOP'),
  },
];
