/**
 * What a user has without Harvest: a cold `claude -p`, run in a session's own sandbox as the agent user by an exec of the
 * provider, with the scripted model and its credential at hand.
 */
import { agentEnvironment } from '../src/agent/environment.ts';
import { agentUser } from '../src/contracts/sandbox-layout.ts';
import type { Sandbox } from '../src/sandbox/provider.ts';
import { repositoryFolder } from './scene.ts';
import { smallPrompt } from './timed-turn.ts';

const home = '/tmp/cold-cli';
const program = `/opt/harvest/node_modules/@anthropic-ai/claude-agent-sdk-linux-${process.arch}/claude`;
const asAgentUser = [
  'setpriv',
  `--reuid=${agentUser.uid}`,
  `--regid=${agentUser.uid}`,
  '--clear-groups',
  '--',
];

/** A home of its own, so that the session's agent does not notice. */
export async function prepareColdCli(sandbox: Sandbox): Promise<void> {
  await firstMatch(sandbox, [...asAgentUser, 'sh', '-c', `mkdir -p ${home}/.claude && echo done`], 'done');
}

/** Milliseconds from the exec to its first streamed event. */
export async function timeColdCli(
  sandbox: Sandbox,
  model: { url: string; credential: string },
): Promise<number> {
  const environment = agentEnvironment({
    home,
    path: '/usr/local/bin:/usr/bin:/bin',
    configDirectory: `${home}/.claude`,
    model: { url: model.url, ticket: model.credential, credentialKind: 'api-key' },
    git: {},
    environment: {},
  });
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const options = ['--output-format', 'stream-json', '--verbose', '--include-partial-messages'];
  const claude = [program, '-p', ...options, '--dangerously-skip-permissions', smallPrompt];
  return firstMatch(
    sandbox,
    [...asAgentUser, 'env', '-i', '-C', repositoryFolder, ...variables, ...claude],
    '"type":"stream_event"',
  );
}

/** The same way to and from a process that does nothing. */
export async function timeExec(sandbox: Sandbox): Promise<number> {
  return firstMatch(sandbox, [...asAgentUser, 'echo', 'done'], 'done');
}

async function firstMatch(sandbox: Sandbox, argv: readonly string[], expected: string): Promise<number> {
  const began = performance.now();
  const process = await sandbox.exec(argv);
  let text = '';
  let seenMs: number | null = null;
  for await (const chunk of process.stdout) {
    if (seenMs !== null) continue;
    text += Buffer.from(chunk).toString();
    if (text.includes(expected)) seenMs = performance.now() - began;
  }
  const exitCode = await process.wait();
  if (seenMs === null || exitCode !== 0) {
    throw new Error(`${argv.at(-1)} ended with ${exitCode}: ${text.slice(-500)}${await process.stderr()}`);
  }
  return seenMs;
}
