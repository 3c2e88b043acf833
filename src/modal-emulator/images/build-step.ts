import { join, posix } from 'node:path';
import type { BoxFactory } from '../box/box-factory.ts';
import type { Box } from '../box/box.ts';
import type { ExitStatus } from '../box/box-process.ts';
import type { OutputLog } from '../box/output-log.ts';
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
  boxes: BoxFactory;
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
      return { ...unchanged, layers: await runInBox(commandOf(instruction, shell), context) };
    case 'workdir': {
      const [given = '/'] = splitWords(instruction.text, (name) => env[name]);
      const path = posix.resolve(workdir, given);
      const made = await runInBox(['mkdir', '-p', '--', path], context);
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
async function runInBox(argv: readonly string[], context: StepContext): Promise<string[]> {
  const held = context.store.hold(context.base);
  try {
    const box = await context.boxes.start(held.paths);
    try {
      await runToEnd(box, argv, context);
      await box.end();
      const layer = await context.layers.adopt(box.upperDirectory);
      return layer === undefined ? context.base.layers : [layer, ...context.base.layers];
    } finally {
      await box.end();
      await box.removeFiles();
    }
  } finally {
    await held.release();
  }
}

async function runToEnd(box: Box, argv: readonly string[], context: StepContext): Promise<void> {
  const running = box.run({
    // One stream for both outputs keeps their order.
    argv: ['/bin/sh', '-c', 'exec "$@" 2>&1', 'sh', ...argv],
    env: { ...context.boxes.environment, ...context.base.env, ...context.secrets },
    workdir: context.base.workdir,
    spoolPath: join(box.directory, 'output'),
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
