/** `docs/reliability.md`: the tables between marks are written by the harness, what they mean by people. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const path = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url));

const marks = {
  table: ['<!-- table: npm run chaos -- --write -->', '<!-- end of table -->'],
  planted: ['<!-- planted bugs: npm run chaos -- --planted --write -->', '<!-- end of planted bugs -->'],
} as const;

/** The file that was written. */
export async function writePart(part: keyof typeof marks, text: string): Promise<string> {
  const [begin, end] = marks[part];
  const document = await readFile(path, 'utf8');
  const [before, rest] = document.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${path} has lost its marks`);
  await writeFile(path, `${before}${begin}\n\n${text}\n\n${end}${after}`);
  return path;
}
