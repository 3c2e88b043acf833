import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

test('every file of src that the README names is there', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const start = readme.indexOf('| folder |');
  const end = readme.indexOf('Beside it:');
  const map = readme.slice(start, end);
  const names = [...map.replaceAll('`src/`', '').matchAll(/`([\w./-]+(?:\.(?:ts|sh)|\/))`/g)].map(
    ([, name = '']) => name,
  );
  expect(names.length).toBeGreaterThan(30);
  const missing = await Promise.all(
    names.map(async (name) =>
      access(join(root, 'src', name)).then(
        () => [],
        () => [name],
      ),
    ),
  );
  expect(missing.flat()).toEqual([]);
});
