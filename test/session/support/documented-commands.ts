/** Runs the commands of docs/upgrades.md as they stand there: what cannot be found there cannot be run. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { sharedStack } from '../../support/stack.ts';

const page = readFileSync(new URL('../../../docs/upgrades.md', import.meta.url), 'utf8');

/** The one command of the page that has all the words; the shell puts the variables in. Returns what it printed. */
export async function runDocumented(
  words: readonly string[],
  variables: Record<string, string>,
): Promise<string> {
  const commands = page.split('\n').filter((line) => line.startsWith('temporal '));
  const fitting = commands.filter((line) => words.every((word) => line.split(' ').includes(word)));
  const [command] = fitting;
  if (command === undefined || fitting.length > 1) {
    throw new Error(`docs/upgrades.md has ${fitting.length} commands with ${words.join(' ')}`);
  }
  const { temporal } = sharedStack();
  const { stdout } = await promisify(execFile)('sh', ['-c', command], {
    env: {
      PATH: `${dirname(temporal.binary)}:${process.env['PATH']}`,
      HOME: process.env['HOME'],
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      ...variables,
    },
  });
  return stdout;
}
