/** `docs/benchmarks.md`: figures between two marks are written by the bench, what they mean by people. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const path = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
const [begin, end] = ['<!-- figures: npm run bench -- --write -->', '<!-- end of figures -->'];

export async function writeFigures(figures: string): Promise<string> {
  const text = await readFile(path, 'utf8');
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${path} has lost its marks`);
  await writeFile(path, `${before}${begin}\n\n${figures}\n\n${end}${after}`);
  return path;
}
