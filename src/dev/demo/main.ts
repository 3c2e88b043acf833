/** `npm run demo`: the embedded stack, a worker, and one session's story, told as it happens. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Harvest } from '../../client.ts';
import { inheritedEnvironment, readConfig, type Config } from '../../config.ts';
import { createDemoRepository } from '../demo-repository/create.ts';
import { startGitServer } from '../git-server/server.ts';
import { startStack } from '../stack/stack.ts';
import type { Stack } from '../stack/stack.ts';
import { stopRequest } from '../processes/stop-request.ts';
import { startWorkerProcess } from '../stack/worker-process.ts';
import { InvalidOptions, demoUsage, parseOptions } from './options.ts';
import type { DemoOptions } from './options.ts';
import { jsonPrinter, textPrinter } from './print.ts';
import type { Printer } from './print.ts';
import { foreignPrompts, ownPrompts } from './prompts.ts';
import { tell } from './story.ts';
import type { StoryOptions } from './story.ts';
import { StoryFailed } from './told-session.ts';

const repositoryName = 'durations';

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') return console.log(demoUsage);
  const config = readConfig();
  refuseWhatCannotWork(config, options);
  const printer = createPrinter(options);
  // Beside the caches: layers of the base image can be linked then instead of copied.
  const directory = join(config.cacheDirectory, 'demo', randomBytes(6).toString('hex'));
  await using started = new AsyncDisposableStack();
  await mkdir(directory, { recursive: true, mode: 0o700 });
  started.defer(async () => rm(directory, { recursive: true, force: true }));
  const abort = new AbortController();
  const stopped = stopRequest();
  void stopped.then((reason) => abort.abort(new StoryFailed(reason)));

  printer.step('The stack');
  const stack = await startStack({
    ...stackOptions(config),
    dataDirectory: directory,
    log: (line) => printer.line(line),
  });
  started.defer(async () => stack.close());
  const worker = await startWorkerProcess({
    environment: { ...inheritedEnvironment(), ...stack.workerEnvironment, HARVEST_DATA_DIR: directory },
    logDirectory: stack.logDirectory,
  });
  started.defer(async () => worker.stop());
  describeStack(printer, stack);
  const harvest = await Harvest.connect({
    temporal: { ...stack.temporal.connectionOptions, namespace: stack.temporal.namespace },
    dataDirectory: directory,
  });
  started.defer(async () => harvest.close());
  const scene = await setScene({ options, config, stack, directory, started });
  await Promise.race([tell({ ...scene, harvest, printer, signal: abort.signal }), whenAborted(abort.signal)]);
  if (options.keep) await keepUp(printer, { stack, directory, stopped });
}

type Scene = Pick<StoryOptions, 'repository' | 'credentials' | 'prompts' | 'showBranch' | 'runningSandboxes'>;

async function setScene(parts: {
  options: DemoOptions;
  config: Config;
  stack: Stack;
  directory: string;
  started: AsyncDisposableStack;
}): Promise<Scene> {
  const { options, config, stack, directory, started } = parts;
  const claude = config.claudeCredential ?? stack.scriptedModel?.credential ?? '';
  const runningSandboxes = async (sessionId: string): Promise<string[]> =>
    (await stack.modal.provider.list({ session: sessionId })).map(({ sandboxId }) => sandboxId);
  if (options.repository !== null) {
    const github = config.credentialVariables.get('GITHUB_TOKEN');
    return {
      repository: options.repository,
      credentials: { claude, ...(github === undefined ? {} : { github }) },
      prompts: (words) => foreignPrompts(words, stack.scriptedModel !== null),
      showBranch: null,
      runningSandboxes,
    };
  }
  const gitDirectory = join(directory, 'git');
  await mkdir(gitDirectory);
  const demo = await createDemoRepository({ directory: gitDirectory, name: repositoryName });
  const token = randomBytes(16).toString('hex');
  const git = await startGitServer({ directory: gitDirectory, token });
  started.defer(async () => git.close());
  return {
    repository: { url: git.cloneUrl(repositoryName), branch: demo.branch },
    credentials: { github: token, claude },
    prompts: ownPrompts,
    showBranch: async (branch) => gitLog(demo.path, branch),
    runningSandboxes,
  };
}

async function gitLog(repository: string, branch: string): Promise<string> {
  const { stdout } = await promisify(execFile)('git', [
    '-C',
    repository,
    'log',
    '--format=%h %an <%ae> %s',
    branch,
  ]);
  return stdout.trim();
}

function refuseWhatCannotWork(config: Config, options: DemoOptions): void {
  if (config.modal.credentials === undefined || config.modal.serverUrl !== undefined) return;
  if (options.repository !== null && config.claudeCredential !== undefined) return;
  throw new InvalidOptions(
    "On Modal's cloud, which cannot reach this machine, the demo needs --repo URL and CLAUDE_CODE_OAUTH_TOKEN or ANTHROPIC_API_KEY.",
  );
}

function stackOptions(config: Config): Omit<Parameters<typeof startStack>[0], 'dataDirectory' | 'log'> {
  return {
    cacheDirectory: config.cacheDirectory,
    environment: inheritedEnvironment(),
    modalCredentials: config.modal.credentials,
    modalEnvironment: config.modal.environment,
    modalAppName: config.modal.appName,
    hasClaudeCredential: config.claudeCredential !== undefined,
  };
}

function createPrinter(options: DemoOptions): Printer {
  const write = (text: string): void => void process.stdout.write(text);
  if (options.json) return jsonPrinter(write);
  return textPrinter({ write, color: process.stdout.isTTY, startedAt: performance.now() });
}

function describeStack(printer: Printer, stack: Stack): void {
  printer.line(
    `Temporal  ${stack.temporal.connectionOptions.address}, UI ${stack.temporal.uiUrl ?? 'of your server'}`,
  );
  printer.line(
    `Modal     ${stack.modal.emulator === null ? "Modal's cloud" : `local emulator, ${stack.modal.emulator.url}`}`,
  );
  printer.line(
    stack.scriptedModel === null
      ? 'Agent     Claude Code with your credential'
      : 'Agent     Claude Code; a scripted model answers in place of the real one: set CLAUDE_CODE_OAUTH_TOKEN or ANTHROPIC_API_KEY to change that',
  );
}

async function keepUp(
  printer: Printer,
  { stack, directory, stopped }: { stack: Stack; directory: string; stopped: Promise<string> },
): Promise<void> {
  printer.step('The stack stays up until Ctrl-C');
  printer.line(`Temporal UI   ${stack.temporal.uiUrl ?? 'of your server'}`);
  printer.line(`the store     ${join(directory, 'store.sqlite')}`);
  printer.line(`logs          ${stack.logDirectory}`);
  await stopped;
}

async function whenAborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  return promise;
}

try {
  await main();
} catch (error) {
  const expected = error instanceof InvalidOptions || error instanceof StoryFailed;
  const named = error instanceof Error && error.name !== 'Error' && error.name !== 'TypeError';
  console.error(expected || named ? `\n${(error as Error).message}` : error);
  process.exitCode = 1;
}
