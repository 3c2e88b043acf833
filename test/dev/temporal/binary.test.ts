import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkBinary, firstLine, judgeVersion } from '../../../src/dev/temporal/binary.ts';

describe('a version', () => {
  test.each([
    { text: 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)', version: 'server 1.29.1' },
    { text: 'temporal version 0.0.0-DEV (Server 1.29.0, UI 2.42.1)', version: 'server 1.29.0' },
    { text: 'temporal version 1.9.0 (Server 1.30.0, UI 2.50.0)', version: 'server 1.30.0' },
    { text: 'temporal version 2.0.0 (Server 2.0.0, UI 3.0.0)', version: 'server 2.0.0' },
  ])('is usable by its server, whatever the CLI calls itself: $text', ({ text, version }) => {
    expect(judgeVersion(text)).toEqual({ usable: true, version });
  });

  test.each([
    {
      text: 'temporal version 1.4.0 (Server 1.28.9, UI 2.30.0)',
      reason: 'its server is 1.28.9, 1.29 or newer is needed',
    },
    {
      text: 'temporal version 1.4.0 (Server 0.99.0, UI 2.30.0)',
      reason: 'its server is 0.99.0, 1.29 or newer is needed',
    },
    { text: 'tctl version 1.18.0', reason: 'no server version in "tctl version 1.18.0"' },
    { text: '', reason: 'no server version in ""' },
    { text: 'x'.repeat(200), reason: `no server version in "${'x'.repeat(100)}"` },
  ])('is not usable, and the reason says why: $reason', ({ text, reason }) => {
    expect(judgeVersion(text)).toEqual({ usable: false, reason });
  });
});

describe('a file', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'harvest-binary-'));
  });
  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  async function program(name: string, content: string, mode = 0o755): Promise<string> {
    const path = join(directory, name);
    await writeFile(path, content);
    await chmod(path, mode);
    return path;
  }

  test('is a Temporal CLI when it says so itself', async () => {
    const says = `#!/bin/sh\n[ "$*" = --version ] && echo 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)'\n`;
    expect(await checkBinary(await program('good', says))).toEqual({
      usable: true,
      version: 'server 1.29.1',
    });
  });

  test.each([
    { what: 'fails', content: '#!/bin/sh\necho no such thing >&2\nexit 3\n', mode: 0o755 },
    { what: 'is torn', content: '\u007fELF torn', mode: 0o755 },
    { what: 'may not be run', content: '#!/bin/sh\n', mode: 0o644 },
  ])('that $what is not usable, in one line that names it', async ({ what, content, mode }) => {
    const path = await program(what.replaceAll(' ', '-'), content, mode);
    const check = await checkBinary(path);
    expect(check).toEqual({
      usable: false,
      reason: expect.stringMatching(/^.* --version failed: .+$/),
    });
    expect(JSON.stringify(check)).toContain(path);
  });

  test('that does not exist is not usable', async () => {
    expect(await checkBinary(join(directory, 'nowhere'))).toMatchObject({
      usable: false,
      reason: expect.stringContaining('ENOENT'),
    });
  });
});

test('of an error only the first line is told, and of anything else what it is', () => {
  expect(firstLine(new Error('Command failed: x\nusage: x'))).toBe('Command failed: x');
  expect(firstLine('a word\nand more')).toBe('a word');
  expect(firstLine(undefined)).toBe('undefined');
});
