/** The commands of docs/contract.md, as they stand there. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const file = join(import.meta.dirname, '..', '..', 'docs', 'contract.md');

/** Blocks marked `<!-- run: name -->`, in order. The first one, `settings`, is what readers replace by their own. */
export async function contractBlocks(): Promise<Map<string, string>> {
  const text = await readFile(file, 'utf8');
  const blocks = text.matchAll(/<!-- run: (\w+) -->\n```sh\n(.*?)```/gs);
  return new Map([...blocks].map(([, name = '', commands = '']) => [name, commands]));
}

/** The variables that the block `settings` sets. */
export function variablesOf(settings: string): string[] {
  return [...settings.matchAll(/^(?:export )?([A-Z_]+)=/gm)].map(([, name = '']) => name);
}
