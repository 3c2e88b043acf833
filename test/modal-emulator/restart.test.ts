import { readdirSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ConflictError, type ModalClient, type Sandbox } from 'modal';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  findMissingRequirements,
  startEmulator,
  StateDirectoryInUse,
} from '../../src/modal-emulator/emulator.ts';
import { containerInits, ContainerWatch } from './support/container-watch.ts';
import { EmulatorProcess } from './support/emulator-process.ts';
import { baseTag, connect, eventually, makeStateDirectory, mountsUnder, out } from './support/harness.ts';

let stateDirectory: string;
beforeEach(() => {
  stateDirectory = makeStateDirectory();
});
afterEach(() => {
  rmSync(stateDirectory, { recursive: true, force: true });
});

const buildCommands = ['RUN echo built > /built'];

async function makeSandbox(modal: ModalClient, name: string): Promise<Sandbox> {
  const app = await modal.apps.fromName('app', { createIfMissing: true });
  const image = await modal.images.fromRegistry(baseTag).dockerfileCommands(buildCommands).build(app);
  const volumes = { '/mnt/state': await modal.volumes.fromName('state', { createIfMissing: true }) };
  const env = { SECRET: 'canary-31d7' };
  return modal.sandboxes.create(app, image, { name, tags: { kind: 'test' }, env, volumes });
}

describe('after a restart of the emulator', () => {
  test('images and snapshots are there, and nothing is built again', async () => {
    const first = await EmulatorProcess.start(stateDirectory);
    const modal = connect(first.url);
    const sandbox = await makeSandbox(modal, 'one');
    await out(sandbox, 'echo kept > /kept');
    const snapshot = await sandbox.snapshotFilesystem();
    expect(await first.end('SIGTERM')).toEqual({ code: 0, signal: null });

    const logs: string[] = [];
    const second = await startEmulator({ stateDirectory, log: (line) => logs.push(line) });
    const again = connect(second.url);
    const app = await again.apps.fromName('app');
    const image = await again.images.fromRegistry(baseTag).dockerfileCommands(buildCommands).build(app);
    expect(logs).toEqual([]);
    const restored = await again.sandboxes.create(app, await again.images.fromId(snapshot.imageId));
    expect(await out(restored, 'cat /built /kept')).toBe('built\nkept\n');
    expect((await again.images.fromId(image.imageId)).imageId).toBe(image.imageId);
    await second.close();
  });

  test('sandboxes are reported as ended, and their names are free', async () => {
    const first = await EmulatorProcess.start(stateDirectory);
    const sandbox = await makeSandbox(connect(first.url), 'one');
    await first.end('SIGKILL');

    const second = await startEmulator({ stateDirectory });
    const modal = connect(second.url);
    const found = await modal.sandboxes.fromId(sandbox.sandboxId);
    expect(await found.poll()).toBe(137);
    expect(await found.getTags()).toEqual({ kind: 'test' });
    await expect(found.exec(['true'])).rejects.toThrow(ConflictError);
    const app = await modal.apps.fromName('app');
    for await (const one of modal.sandboxes.list({ appId: app.appId }))
      throw new Error(`${one.sandboxId} is listed`);
    const old = await modal.sandboxes.fromName('app', 'one', { includeTerminated: true });
    expect(old.sandboxId).toBe(sandbox.sandboxId);
    await (await makeSandbox(modal, 'one')).terminate();
    await second.close();
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)(
    'by %s, volumes have what was written before it',
    async (signal) => {
      const first = await EmulatorProcess.start(stateDirectory);
      const modal = connect(first.url);
      const sandbox = await makeSandbox(modal, 'one');
      await out(sandbox, 'mkdir /mnt/state/d; echo kept > /mnt/state/d/file');
      const deleted = await modal.volumes.fromName('deleted', { createIfMissing: true });
      const mounting = await modal.sandboxes.create(
        await modal.apps.fromName('app'),
        modal.images.fromRegistry(baseTag),
        { volumes: { '/mnt/state': deleted } },
      );
      await out(mounting, 'touch /mnt/state/file');
      await modal.volumes.delete('deleted');
      await first.end(signal);

      const second = await startEmulator({ stateDirectory });
      const again = await makeSandbox(connect(second.url), 'one');
      expect(await out(again, 'cat /mnt/state/d/file')).toBe('kept\n');
      expect(readdirSync(join(stateDirectory, 'volumes'))).toHaveLength(1);
      await second.close();
    },
  );

  test('a client goes on with the same address and token', async () => {
    const first = await EmulatorProcess.start(stateDirectory);
    const port = new URL(first.url).port;
    const modal = connect(first.url);
    await modal.apps.fromName('app', { createIfMissing: true });
    await first.end('SIGKILL');
    const second = await EmulatorProcess.start(stateDirectory, '--port', port);
    expect(second.url).toBe(first.url);
    await modal.apps.fromName('app');
    await second.end('SIGTERM');
  });
});

describe('the end of the emulator', () => {
  test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
    'by %s leaves no process, no mount and no file of a sandbox',
    async (signal) => {
      const emulator = await EmulatorProcess.start(stateDirectory);
      const modal = connect(emulator.url);
      const sandboxes = [await makeSandbox(modal, 'one'), await makeSandbox(modal, 'two')];
      for (const sandbox of sandboxes) {
        await sandbox.exec(['sh', '-c', "trap '' TERM; setsid sleep 600 & sleep 600"]);
        await out(sandbox, 'echo line >> /mnt/state/lines');
      }
      using watch = new ContainerWatch(stateDirectory);
      expect(watch.processes().length).toBeGreaterThanOrEqual(6);
      await emulator.end(signal);
      await eventually(() => watch.processes()).toEqual([]);
      expect(mountsUnder(stateDirectory)).toEqual([]);
      if (signal === 'SIGKILL') await (await startEmulator({ stateDirectory })).close();
      expect(readdirSync(join(stateDirectory, 'containers'))).toEqual([]);
      expect(readdirSync(join(stateDirectory, 'outputs'))).toEqual([]);
      const [volume = ''] = readdirSync(join(stateDirectory, 'volumes'));
      const lines = join(stateDirectory, 'volumes', volume, 'files', 'lines');
      expect(readFileSync(lines, 'utf8')).toBe('line\nline\n');
    },
  );

  test('comes with the end of its stdin if that is asked for', async () => {
    const emulator = await EmulatorProcess.start(stateDirectory, '--exit-with-stdin');
    emulator.closeStdin();
    expect(await emulator.exited).toEqual({ code: 0, signal: null });
  });

  test('in the middle of a build leaves nothing of it', async () => {
    const emulator = await EmulatorProcess.start(stateDirectory);
    const modal = connect(emulator.url);
    const app = await modal.apps.fromName('app', { createIfMissing: true });
    const build = modal.images.fromRegistry(baseTag).dockerfileCommands(['RUN sleep 600']).build(app);
    build.catch(() => undefined);
    await eventually(() => containerInits(stateDirectory).length).toBe(1);
    using watch = new ContainerWatch(stateDirectory);
    expect(await emulator.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(watch.processes()).toEqual([]);
    expect(readdirSync(join(stateDirectory, 'containers'))).toEqual([]);
    expect(readdirSync(join(stateDirectory, 'layers'))).toEqual([]);
  });
});

describe('at its start the emulator', () => {
  test('ends a container that is still running, but not a process that only has its number', async () => {
    const container = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    const bystander = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    const stat = readFileSync(`/proc/${container.pid}/stat`, 'utf8');
    const startTicks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    for (const [name, init] of Object.entries({
      running: { pid: container.pid, startTicks },
      reused: { pid: bystander.pid, startTicks: '1' },
    })) {
      mkdirSync(join(stateDirectory, 'containers', name, 'up'), { recursive: true });
      writeFileSync(join(stateDirectory, 'containers', name, 'init.json'), JSON.stringify(init));
    }
    const ended = once(container, 'exit');
    await (await startEmulator({ stateDirectory })).close();
    expect((await ended)[1]).toBe('SIGKILL');
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
    bystander.kill('SIGKILL');
    expect(readdirSync(join(stateDirectory, 'containers'))).toEqual([]);
  });

  test('refuses a state directory that another one has, and takes it when that one is gone', async () => {
    const first = await EmulatorProcess.start(stateDirectory);
    await expect(startEmulator({ stateDirectory })).rejects.toThrow(StateDirectoryInUse);
    await expect(EmulatorProcess.start(stateDirectory)).rejects.toThrow(/is in use by process \d+/);
    await first.end('SIGKILL');
    await (await startEmulator({ stateDirectory })).close();
  });

  test('says which port is taken, and lets go of the state directory', async () => {
    const first = await startEmulator({ stateDirectory });
    const other = makeStateDirectory();
    const port = Number(new URL(first.url).port);
    await expect(startEmulator({ stateDirectory: other, port })).rejects.toThrow(/EADDRINUSE/);
    await (await startEmulator({ stateDirectory: other })).close();
    await first.close();
    rmSync(other, { recursive: true });
  });

  test('survives records that are torn or not its own', async () => {
    await (await startEmulator({ stateDirectory })).close();
    writeFileSync(join(stateDirectory, 'images', 'im-torn.json'), '{"imageId": "im-to');
    writeFileSync(join(stateDirectory, 'sandboxes', 'sb-other.json'), '{"a": 1}');
    writeFileSync(join(stateDirectory, 'apps.json'), '');
    mkdirSync(join(stateDirectory, 'layers', 'la-nobodys'));
    const emulator = await startEmulator({ stateDirectory });
    await connect(emulator.url).apps.fromName('app', { createIfMissing: true });
    expect(readdirSync(join(stateDirectory, 'layers'))).toEqual([]);
    await emulator.close();
  });
});

describe('the program', () => {
  test('says what is wrong with its arguments', async () => {
    await expect(EmulatorProcess.start('')).rejects.toThrow(/--state/);
    await expect(EmulatorProcess.start(stateDirectory, '--port', 'many')).rejects.toThrow(/port/);
    await expect(EmulatorProcess.start(stateDirectory, '--unknown')).rejects.toThrow(/unknown/);
  });

  test('makes credentials of its own if that is asked for', async () => {
    const emulator = await EmulatorProcess.start(stateDirectory, '--own-credentials');
    const { tokenId, tokenSecret } = emulator;
    expect([tokenId, tokenSecret]).toEqual([expect.stringMatching(/^ak-/), expect.stringMatching(/^as-/)]);
    await expect(connect(emulator.url).apps.fromName('app')).rejects.toMatchObject({ code: 16 });
    const owner = connect(emulator.url, { tokenId: tokenId ?? '', tokenSecret: tokenSecret ?? '' });
    await owner.apps.fromName('app', { createIfMissing: true });
    await emulator.end('SIGTERM');
  });
});

describe('closing the emulator', () => {
  test('is waited for by a program that does nothing else', async () => {
    const emulatorModule = new URL('../../src/modal-emulator/emulator.ts', import.meta.url).href;
    const program = `import { startEmulator } from ${JSON.stringify(emulatorModule)};
      const emulator = await startEmulator({ stateDirectory: ${JSON.stringify(stateDirectory)} });
      await emulator.close();
      console.log('closed');`;
    const ran = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
    expect({ status: ran.status, stdout: ran.stdout }).toEqual({ status: 0, stdout: 'closed\n' });
  });
});

describe('a machine that runs these tests', () => {
  test('lacks nothing that Local Modal needs', () => {
    expect(findMissingRequirements()).toEqual([]);
  });
});
