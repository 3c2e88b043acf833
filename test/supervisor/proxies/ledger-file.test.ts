import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PushLedger } from '../../../src/git/push-ledger.ts';
import { readLedger, writeLedger } from '../../../src/supervisor/proxies/ledger-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'harvest-ledger-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const ledger: PushLedger = new Map([['p\nrefs/heads/harvest/s1', { value: 'a'.repeat(40), foreign: null }]]);

describe('the push ledger on disk', () => {
  const path = (): string => join(folder, 'push-ledger.json');

  test('is read as it was written', () => {
    writeLedger(path(), ledger);
    expect(readLedger(path())).toEqual(ledger);
  });

  test('can be read by nobody else, whatever was there before, and leaves no other file', async () => {
    await writeFile(path(), '[]');
    await chmod(path(), 0o644);
    writeLedger(path(), ledger);
    expect((await stat(path())).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['push-ledger.json']);
  });

  test.each([
    ['nothing', ''],
    ['half of it', '[["p'],
    ['another shape', '[["p",{"value":"main","foreign":null}]]'],
  ])('is empty when the file holds %s', async (_name, content) => {
    await writeFile(path(), content);
    expect(readLedger(path()).size).toBe(0);
  });

  test('that cannot be written fails nothing', () => {
    expect(() => {
      writeLedger(join(folder, 'no/such/folder'), new Map());
    }).not.toThrow();
    expect(readLedger(join(folder, 'no/such/folder')).size).toBe(0);
  });
});
