/** Where the supervisor finds and keeps things. The defaults are the sandbox's; tests give their own folders. */
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { agentUser, supervisorPaths, toolchainPaths } from '../contracts/sandbox-layout.ts';

const id = z.coerce.number().int().nonnegative();

const settingsSchema = z.object({
  /** Root-only: journals, bundles, and what must survive the supervisor's restart. */
  statePath: z.string(),
  socketPath: z.string(),
  runtimePath: z.string(),
  workspacePath: z.string(),
  agentUid: id,
  agentGid: id,
  agentHome: z.string(),
  /** The PATH of agent and execs: the repository's toolchain, never the supervisor's own. */
  agentPath: z.string(),
  /** Of Python, for agent and execs, if it is there at the start. */
  virtualEnvironment: z.string(),
  /** What the provider says of the machine, which agent and execs need as well. */
  machineVariables: z.record(z.string(), z.string()),
  /** Every process of the agent user is this supervisor's: true inside a sandbox. */
  exclusiveAgentUser: z.boolean(),
});
export type Settings = z.infer<typeof settingsSchema>;

const options = {
  state: { type: 'string', default: supervisorPaths.state },
  socket: { type: 'string', default: supervisorPaths.socket },
  runtime: { type: 'string', default: supervisorPaths.runtime },
  workspace: { type: 'string', default: supervisorPaths.workspace },
  'agent-uid': { type: 'string', default: `${agentUser.uid}` },
  'agent-gid': { type: 'string', default: `${agentUser.gid}` },
  'agent-home': { type: 'string', default: agentUser.home },
  'agent-path': { type: 'string' },
  'virtual-environment': { type: 'string', default: dirname(toolchainPaths.virtualEnvironmentBin) },
  'exclusive-agent-user': { type: 'boolean', default: true },
} as const;

/** Certificate authorities: without them nothing can be fetched where a network has its own. Proxies may hold passwords. */
const machineVariableNames = [
  'SSL_CERT_FILE',
  'NODE_EXTRA_CA_CERTS',
  'PIP_CERT',
  'GIT_SSL_CAINFO',
  'CURL_CA_BUNDLE',
  'REQUESTS_CA_BUNDLE',
  'npm_config_cafile',
];

/** Throws with a sentence that names the option. */
export function parseSettings(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): Settings {
  const { values } = parseArgs({ args: [...argv], options, allowNegative: true });
  return settingsSchema.parse({
    statePath: values.state,
    socketPath: values.socket,
    runtimePath: values.runtime,
    workspacePath: values.workspace,
    agentUid: values['agent-uid'],
    agentGid: values['agent-gid'],
    agentHome: values['agent-home'],
    agentPath: values['agent-path'] ?? toolchainPath(values['agent-home']),
    virtualEnvironment: values['virtual-environment'],
    machineVariables: Object.fromEntries(
      machineVariableNames.flatMap((name) => {
        const value = environment[name];
        return value === undefined ? [] : [[name, value]];
      }),
    ),
    exclusiveAgentUser: values['exclusive-agent-user'],
  });
}

function toolchainPath(home: string): string {
  const system = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  const { virtualEnvironmentBin, bin } = toolchainPaths;
  return [virtualEnvironmentBin, bin, join(home, '.local/bin'), ...system].join(':');
}
