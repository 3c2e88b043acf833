import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { NotFoundError } from 'modal';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, Harness, out, eventually } from './support/harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

/** How many times a RUN was really done: each adds a line to the log. */
const timesRun = (mark: string): number =>
  harness.logs.filter((line) => line.endsWith(` ran ${mark}`)).length;

const filesWith = (text: string): string[] =>
  spawnSync('grep', ['-rl', text, harness.stateDirectory], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter(Boolean);

describe('an image', () => {
  test('is a real Debian with what its commands did', async () => {
    const image = await harness.build(
      'ENV GREETING="hello there" PATH=/extra:$PATH',
      'WORKDIR /work',
      'RUN echo "$GREETING" > greeting && mkdir -p /extra && printf "#!/bin/sh\\necho found" > /extra/tool && chmod +x /extra/tool',
      'WORKDIR sub',
      'SHELL ["/bin/bash", "-c"]',
      'RUN [[ -n $BASH_VERSION ]] && echo bash > which-shell',
      'LABEL a=b',
      'EXPOSE 80',
    );
    const sandbox = await harness.sandbox({}, image);
    expect(await out(sandbox, 'cat /work/greeting; tool; pwd; cat which-shell')).toBe(
      'hello there\nfound\n/work/sub\nbash\n',
    );
    expect(await out(sandbox, 'cat /etc/os-release')).toContain('bookworm');
    await sandbox.terminate();
  });

  test('is not built again for the same commands', async () => {
    const first = await harness.build('RUN echo ran same');
    const second = await harness.build('RUN echo ran same');
    expect(second.imageId).toBe(first.imageId);
    expect(timesRun('same')).toBe(1);
  });

  test('is built anew from the first changed command on', async () => {
    await harness.build('RUN echo ran a > /a; echo ran step-a', 'RUN echo ran step-b', 'RUN echo ran step-c');
    await harness.build(
      'RUN echo ran a > /a; echo ran step-a',
      'RUN echo ran step-b2',
      'RUN echo ran step-c',
    );
    expect([timesRun('step-a'), timesRun('step-b'), timesRun('step-b2'), timesRun('step-c')]).toEqual([
      1, 1, 1, 2,
    ]);
  });

  test('can be extended, in the same chain and from its id', async () => {
    const base = await harness.build('RUN echo base > /base');
    const again = await harness.modal.images.fromId(base.imageId);
    const extended = await again.dockerfileCommands(['RUN cat /base /base > /twice']).build(harness.app);
    const sandbox = await harness.sandbox({}, extended);
    expect(await out(sandbox, 'cat /twice')).toBe('base\nbase\n');
    await sandbox.terminate();
  });

  test('that several ask for at once is built once', async () => {
    const command = 'RUN sleep 0.5; echo ran shared';
    const images = await Promise.all([
      harness.build(command),
      harness.build(command),
      harness.build(command, 'RUN echo after'),
    ]);
    expect(images[1].imageId).toBe(images[0].imageId);
    expect(timesRun('shared')).toBe(1);
  });

  test('is built again when that is forced, and the new one counts from then on', async () => {
    const recipe = ['RUN date +%N > /moment; echo ran forced'];
    const first = await harness.build(...recipe);
    const { images } = harness.modal;
    const forced = await images
      .fromRegistry('debian:bookworm-slim')
      .dockerfileCommands(recipe, { forceBuild: true })
      .build(harness.app);
    expect(forced.imageId).not.toBe(first.imageId);
    expect(timesRun('forced')).toBe(2);
    expect((await harness.build(...recipe)).imageId).toBe(forced.imageId);
  });

  test('gets secrets and variables of its build in RUN and keeps none of them', async () => {
    const secret = await harness.modal.secrets.fromObject({ BUILD_TOKEN: 'canary-8f2c' });
    const build = async (mode: string) =>
      harness.modal.images
        .fromRegistry('debian:bookworm-slim')
        .dockerfileCommands(['RUN test ${#BUILD_TOKEN} = 11 && echo $MODE > /mode'], {
          secrets: [secret],
          env: { MODE: mode },
        })
        .build(harness.app);
    const image = await build('one');
    const sandbox = await harness.sandbox({}, image);
    expect(await out(sandbox, 'cat /mode; env')).toMatch(/^one\n(?![\s\S]*canary)/);
    expect(filesWith('canary-8f2c')).toEqual([]);
    expect((await build('one')).imageId).toBe(image.imageId);
    expect((await build('two')).imageId).not.toBe(image.imageId);
    await sandbox.terminate();
  });

  test('whose command fails says which one, how, and what it printed; the next try builds again', async () => {
    const failing = harness.build('RUN echo before', 'RUN echo "what went wrong" >&2; exit 42');
    await expect(failing).rejects.toThrow(/ended with code 42[\s\S]*what went wrong/);
    await expect(harness.build('RUN echo before', 'RUN echo "what went wrong" >&2; exit 42')).rejects.toThrow(
      /42/,
    );
  });

  test('with a command that is not supported is refused before anything is built', async () => {
    const calls = harness.logs.length;
    await expect(harness.build('RUN echo no', 'USER nobody')).rejects.toMatchObject({
      code: 12,
      details: expect.stringContaining('USER'),
    });
    expect(harness.logs).toHaveLength(calls);
  });

  test('from another registry tag is refused', async () => {
    for (const tag of [
      'node:22',
      'debian:12',
      'debian:nonesuch',
      'registry.example/debian:bookworm',
      'ubuntu:noble',
    ]) {
      await expect(harness.modal.images.fromRegistry(tag).build(harness.app)).rejects.toMatchObject({
        code: 12,
        details: expect.stringContaining(tag),
      });
    }
  });

  test('with registry credentials is refused', async () => {
    const secret = await harness.modal.secrets.fromObject({ REGISTRY_USERNAME: 'u', REGISTRY_PASSWORD: 'p' });
    const image = harness.modal.images.fromRegistry('debian:bookworm-slim', secret);
    await expect(image.build(harness.app)).rejects.toMatchObject({ code: 12 });
  });

  test('streams its log while it is built', async () => {
    const image = {
      dockerfileCommands: ['FROM debian:bookworm-slim', 'RUN echo first; sleep 2; echo second'],
    };
    const { cpClient } = connect(harness.emulator.url);
    const get = async () => cpClient.imageGetOrCreate({ appId: harness.app.appId, image });
    const { imageId } = await get();
    let log = '';
    let wasBuiltAtFirstLine: boolean | undefined;
    let status: number | undefined;
    for await (const part of cpClient.imageJoinStreaming({ imageId, timeout: 55 })) {
      for (const { data } of part.taskLogs) log += data;
      if (/^first$/m.test(log)) wasBuiltAtFirstLine ??= (await get()).result !== undefined;
      status = part.result?.status ?? status;
    }
    expect(log).toMatch(/^first\nsecond$/m);
    expect({ status, wasBuiltAtFirstLine }).toEqual({ status: 1, wasBuiltAtFirstLine: false });
  });

  test('keeps the layers that others use when it is deleted, and no other', async () => {
    const base = await harness.build('RUN echo shared > /shared-layer');
    const derived = await harness.build('RUN echo shared > /shared-layer', 'RUN echo own > /own-layer');
    const before = harness.layersOnDisk().length;
    await harness.modal.images.delete(base.imageId);
    await expect(harness.modal.images.fromId(base.imageId)).rejects.toThrow(NotFoundError);
    expect(harness.layersOnDisk()).toHaveLength(before);
    const sandbox = await harness.sandbox({}, derived);
    await harness.modal.images.delete(derived.imageId);
    // The running sandbox still stands on its layers.
    expect(await out(sandbox, 'cat /shared-layer /own-layer')).toBe('shared\nown\n');
    expect(harness.layersOnDisk()).toHaveLength(before);
    await sandbox.terminate();
    await eventually(() => harness.layersOnDisk().length).toBe(before - 2);
    await expect(harness.modal.images.delete(derived.imageId)).rejects.toThrow(NotFoundError);
  });
});

describe('a build', () => {
  test('leaves no container behind, whether it succeeds or fails', async () => {
    await harness.build('RUN sleep 600 & echo done');
    await expect(harness.build('RUN false')).rejects.toThrow(/code 1/);
    await eventually(() => readdirSync(join(harness.stateDirectory, 'containers'))).toEqual([]);
  });
});
