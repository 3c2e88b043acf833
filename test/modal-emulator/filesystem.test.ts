import { writeFileSync, readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  InvalidError,
  NotFoundError,
  SandboxFilesystemDirectoryNotEmptyError,
  SandboxFilesystemIsADirectoryError,
  SandboxFilesystemNotADirectoryError,
  SandboxFilesystemNotFoundError,
  SandboxFilesystemPathAlreadyExistsError,
  SandboxFilesystemPermissionError,
  type Sandbox,
} from 'modal';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Harness, out } from './support/harness.ts';

let harness: Harness;
let sandbox: Sandbox;
beforeAll(async () => {
  harness = await Harness.start();
  sandbox = await harness.sandbox();
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

describe('a file', () => {
  test('is written with its parents and read back, whatever is in it', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
    await sandbox.filesystem.writeBytes(bytes, '/new/parents/bytes');
    expect(Buffer.from(await sandbox.filesystem.readBytes('/new/parents/bytes'))).toEqual(bytes);
    await sandbox.filesystem.writeText('äöü\n', '/new/text');
    expect(await sandbox.filesystem.readText('/new/text')).toBe('äöü\n');
    await sandbox.filesystem.writeText('', '/new/empty');
    expect(await sandbox.filesystem.readText('/new/empty')).toBe('');
  });

  test('may have any name', async () => {
    const name = '/names/a b\n\'"$(touch bad)é-\\x';
    await sandbox.filesystem.writeText('odd', name);
    expect(await sandbox.filesystem.readText(name)).toBe('odd');
    const [entry] = await sandbox.filesystem.listFiles('/names');
    expect(entry).toMatchObject({ name: name.slice('/names/'.length), path: name, type: 'file', size: 3 });
  });

  test('keeps its mode and owner when it is overwritten, and a symlink stays one', async () => {
    await out(
      sandbox,
      'mkdir /kept; echo old >/kept/file; chown 7:8 /kept/file; chmod 4750 /kept/file; ln -s file /kept/link',
    );
    await sandbox.filesystem.writeText('new', '/kept/link');
    expect(
      await out(sandbox, 'stat -c "%a %u %g" /kept/file; readlink /kept/link; cat /kept/file; ls -A /kept'),
    ).toBe('4750 7 8\nfile\nnewfile\nlink\n');
  });

  test('travels between this machine and the sandbox in full', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'harvest-copy-'));
    const content = Buffer.alloc(20 * 1024 * 1024, 'some content ');
    writeFileSync(join(directory, 'here'), content);
    await sandbox.filesystem.copyFromLocal(join(directory, 'here'), '/copied');
    await sandbox.filesystem.copyToLocal('/copied', join(directory, 'back'));
    expect(readFileSync(join(directory, 'back')).equals(content)).toBe(true);
    rmSync(directory, { recursive: true });
  });

  test('cannot be reached outside of the sandbox through a symlink', async () => {
    await out(
      sandbox,
      `mkdir -p ${harness.stateDirectory}; ln -s ${harness.stateDirectory} /way-out; ln -s / /up`,
    );
    await sandbox.filesystem.writeText('inside', '/way-out/escaped');
    expect(await sandbox.filesystem.readText(`/up${harness.stateDirectory}/escaped`)).toBe('inside');
    expect(() => readFileSync(join(harness.stateDirectory, 'escaped'))).toThrow(/ENOENT/);
    await expect(sandbox.filesystem.readText('/way-out/token-key')).rejects.toThrow(
      SandboxFilesystemNotFoundError,
    );
  });
});

describe('a listing', () => {
  test('has every entry once, sorted, with its type, size, mode, owner and target', async () => {
    await out(
      sandbox,
      'mkdir -p /list/sub; echo 12345 >/list/file; chmod 640 /list/file; chown 0:8 /list/file; ln -s nowhere /list/link',
    );
    const entries = await sandbox.filesystem.listFiles('/list');
    expect(
      entries.map(({ name, type, size, mode, permissions, owner, group, symlinkTarget }) => ({
        name,
        type,
        size,
        mode,
        permissions,
        owner,
        group,
        symlinkTarget,
      })),
    ).toEqual([
      {
        name: 'file',
        type: 'file',
        size: 6,
        mode: 0o640,
        permissions: '-rw-r-----',
        owner: 'root',
        group: 'mail',
        symlinkTarget: null,
      },
      {
        name: 'link',
        type: 'symlink',
        size: 7,
        mode: 0o777,
        permissions: 'lrwxrwxrwx',
        owner: 'root',
        group: 'root',
        symlinkTarget: 'nowhere',
      },
      expect.objectContaining({ name: 'sub', type: 'directory', mode: 0o755 }),
    ]);
    const [file] = entries;
    expect(Math.abs((file?.modifiedTime ?? 0) - Date.now() / 1000)).toBeLessThan(600);
    expect(await sandbox.filesystem.listFiles('/list/sub')).toEqual([]);
  });

  test('of the root directory works, and so does information on one entry', async () => {
    const names = (await sandbox.filesystem.listFiles('/')).map(({ path }) => path);
    expect(names).toContain('/etc');
    expect(await sandbox.filesystem.stat('/')).toMatchObject({ path: '/', type: 'directory' });
    await out(sandbox, 'ln -s /etc /stat-link');
    expect(await sandbox.filesystem.stat('/stat-link')).toMatchObject({
      type: 'symlink',
      symlinkTarget: '/etc',
    });
  });
});

describe('directories', () => {
  test('are made with their parents unless that is not wanted, and removed with their content if that is wanted', async () => {
    const { filesystem } = sandbox;
    await filesystem.makeDirectory('/made/with/parents');
    await filesystem.makeDirectory('/made/with/parents');
    await filesystem.makeDirectory('/made/alone', { createParents: false });
    await expect(filesystem.remove('/made')).rejects.toThrow(SandboxFilesystemDirectoryNotEmptyError);
    await filesystem.remove('/made/alone');
    await filesystem.remove('/made', { recursive: true });
    await expect(filesystem.stat('/made')).rejects.toThrow(SandboxFilesystemNotFoundError);
  });
});

describe('a failing operation', () => {
  test('is told by the error class the SDK has for it', async () => {
    const { filesystem } = sandbox;
    await out(sandbox, 'mkdir -p /fail/directory; echo x >/fail/file');
    const failures: [() => Promise<unknown>, new (...args: never[]) => Error][] = [
      [async () => filesystem.readText('/fail/none'), SandboxFilesystemNotFoundError],
      [async () => filesystem.readText('/fail/directory'), SandboxFilesystemIsADirectoryError],
      [async () => filesystem.readText('/fail/file/x'), NotADirectoryWhenReading],
      [async () => filesystem.writeText('x', '/fail/directory'), SandboxFilesystemIsADirectoryError],
      [async () => filesystem.writeText('x', '/fail/file/x'), SandboxFilesystemNotADirectoryError],
      [async () => filesystem.writeText('x', '/sys/new'), SandboxFilesystemPermissionError],
      [async () => filesystem.listFiles('/fail/none'), SandboxFilesystemNotFoundError],
      [async () => filesystem.listFiles('/fail/file'), SandboxFilesystemNotADirectoryError],
      [async () => filesystem.stat('/fail/none'), SandboxFilesystemNotFoundError],
      [async () => filesystem.makeDirectory('/fail/file/x'), SandboxFilesystemNotADirectoryError],
      [
        async () => filesystem.makeDirectory('/fail/directory', { createParents: false }),
        SandboxFilesystemPathAlreadyExistsError,
      ],
      [
        async () => filesystem.makeDirectory('/fail/no/x', { createParents: false }),
        SandboxFilesystemNotFoundError,
      ],
      [async () => filesystem.remove('/fail/none'), SandboxFilesystemNotFoundError],
      [async () => filesystem.remove('/fail/none', { recursive: true }), SandboxFilesystemNotFoundError],
      [async () => filesystem.watch('/fail')[Symbol.asyncIterator]().next(), InvalidError],
    ];
    for (const [operation, type] of failures) await expect(operation()).rejects.toThrow(type);
    expect(await out(sandbox, 'ls -A /fail /fail/directory; cat /fail/file')).toBe(
      '/fail:\ndirectory\nfile\n\n/fail/directory:\nx\n',
    );
  });

  test("in an ended sandbox is the SDK's not-found", async () => {
    const ended = await harness.sandbox();
    await ended.filesystem.writeText('x', '/x');
    await ended.terminate();
    await expect(ended.filesystem.readText('/x')).rejects.toThrow(NotFoundError);
  });
});

/** The SDK has no class of its own for this when reading. */
const NotADirectoryWhenReading = Error;
