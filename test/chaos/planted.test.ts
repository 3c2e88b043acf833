import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checks } from '../../chaos/oracle/checks.ts';
import { plantedBugs } from '../../chaos/planted/bugs.ts';

test.each(plantedBugs)('planted bug $name fits the sources, and names checks that there are', async (bug) => {
  for (const { file, from, to } of bug.edits) {
    const text = await readFile(join(import.meta.dirname, '..', '..', file), 'utf8');
    expect(text.split(from), `${file}: ${from}`).toHaveLength(2);
    expect(to).not.toBe(from);
  }
  for (const check of bug.caughtBy) expect(Object.keys(checks)).toContain(check);
});
