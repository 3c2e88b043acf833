/** Starts the stack that every test file of the run shares, and ends it with the run, also when it is interrupted. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { readConfig } from '../../src/config.ts';
import { startGitServer } from '../../src/dev/git-server/server.ts';
import { startStack } from '../../src/dev/stack/stack.ts';
import { acquireTemporalBinary } from '../../src/dev/temporal/acquire.ts';
import { bundleWorkflows } from '../../src/workflow-bundle.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { cacheDirectory } = readConfig();
  const log = (line: string): void => console.log(`stack: ${line}`);
  const directory = await mkdtemp(join(tmpdir(), 'harvest-stack-'));
  await using started = new AsyncDisposableStack();
  started.defer(async () => rm(directory, { recursive: true, force: true }));
  const environment = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    GOPROXY: process.env['GOPROXY'],
    GOFLAGS: process.env['GOFLAGS'],
  };
  const stack = await startStack({
    cacheDirectory,
    dataDirectory: directory,
    environment,
    hasClaudeCredential: false,
    log,
  });
  started.defer(async () => stack.close());
  const workflowBundle = join(directory, 'bundled-workflows.js');
  await writeFile(workflowBundle, await bundleWorkflows());
  const gitDirectory = join(directory, 'git');
  await mkdir(gitDirectory);
  const token = `git-password-${randomBytes(12).toString('hex')}`;
  const git = await startGitServer({ directory: gitDirectory, token });
  started.defer(async () => git.close());
  const { emulator, serverUrl } = stack.modal;
  if (emulator === null || serverUrl === undefined || stack.scriptedModel === null) {
    throw new TypeError('tests run on the emulator and the scripted model');
  }
  project.provide('stack', {
    directory,
    temporal: {
      address: stack.temporal.connectionOptions.address,
      namespace: stack.temporal.namespace,
      binary: (await acquireTemporalBinary({ cacheDirectory, environment, log })).path,
    },
    modal: { url: serverUrl, controlUrl: emulator.controlUrl, credentials: stack.modal.credentials },
    model: { url: stack.scriptedModel.url, credential: stack.scriptedModel.credential },
    workflowBundle,
    git: { url: git.url, token, directory: gitDirectory },
  });
  const running = started.move();
  return async () => running.disposeAsync();
}
