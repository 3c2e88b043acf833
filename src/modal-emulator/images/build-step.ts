/** One instruction of a Dockerfile, carried out on its base. */
import { join, posix } from 'node:path';
import type { ContainerFactory } from '../container/container-factory.ts';
import type { Container } from '../container/container.ts';
import type { ExitStatus } from '../container/container-process.ts';
import type { OutputLog } from '../container/output-log.ts';
import { invalid } from '../rpc/rpc-error.ts';
import type { Instruction } from './dockerfile.ts';
import type { ImageRecord, ImageStore } from './image-store.ts';
import type { Layers } from './layers.ts';
import { splitAssignments, splitWords } from './words.ts';

class BuildFailed extends Error {
  override readonly name = 'BuildFailed';
}

export type StepContext = {
  base: ImageRecord;
  store: ImageStore;
  layers: Layers;
  containers: ContainerFactory;
  secrets: Readonly<Record<string, string>>;
  log: OutputLog;
};

/** What a step changes of its base. */
export type StepResult = Pick<ImageRecord, 'layers' | 'env' | 'workdir' | 'shell'>;

export async function runStep(instruction: Instruction, context: StepContext): Promise<StepResult> {
  const { layers, env, workdir, shell } = context.base;
  const unchanged = { layers, env, workdir, shell };
  switch (instruction.kind) {
    case 'from':
      throw invalid('a second FROM (a stage) is not supported');
    case 'run':
      return { ...unchanged, layers: await runInContainer(commandOf(instruction, shell), context) };
    case 'workdir': {
      const [given = '/'] = splitWords(instruction.text, (name) => env[name]);
      const path = posix.resolve(workdir, given);
      const made = await runInContainer(['mkdir', '-p', '--', path], context);
      return { ...unchanged, layers: made, workdir: path };
    }
    case 'env':
      return { ...unchanged, env: { ...env, ...splitAssignments(instruction.text, (name) => env[name]) } };
    case 'shell':
      return { ...unchanged, shell: instruction.argv };
    case 'label':
    case 'expose':
      context.log.append(Buffer.from('(recorded; it changes nothing in a sandbox)\n'));
      return unchanged;
  }
}

function commandOf(instruction: Extract<Instruction, { kind: 'run' }>, shell: string[]): string[] {
  const { command } = instruction;
  return 'argv' in command ? command.argv : [...shell, command.script];
}

/** Runs a command over the base; what it wrote becomes a layer. Resolves to the layers of the result. */
async function runInContainer(argv: readonly string[], context: StepContext): Promise<string[]> {
  const held = context.store.hold(context.base);
  try {
    const container = await context.containers.start(held.paths);
    try {
      await runToEnd(container, argv, context);
      await container.end();
      const layer = await context.layers.adopt(container.upperDirectory);
      return layer === undefined ? context.base.layers : [layer, ...context.base.layers];
    } finally {
      await container.end();
      await container.removeFiles();
    }
  } finally {
    await held.release();
  }
}

async function runToEnd(container: Container, argv: readonly string[], context: StepContext): Promise<void> {
  const running = container.run({
    // One stream for both outputs keeps their order.
    argv: ['/bin/sh', '-c', 'exec "$@" 2>&1', 'sh', ...argv],
    env: { ...context.containers.environment, ...context.base.env, ...context.secrets },
    workdir: context.base.workdir,
    spoolPath: join(container.directory, 'output'),
  });
  running.stdin.close();
  for await (const part of running.stdout.read(0, new AbortController().signal))
    context.log.append(part.data);
  const status = await running.exited;
  if (!('code' in status) || status.code !== 0) {
    throw new BuildFailed(`${describe(status)}: ${argv.at(-1) ?? ''}`);
  }
}

function describe(status: ExitStatus): string {
  return 'code' in status
    ? `the command ended with code ${status.code}`
    : `the command was killed by signal ${status.signal}`;
}
