import { expect, test } from 'vitest';
import { ProviderRefused, SandboxLost } from '../../../src/sandbox/errors.ts';
import type { VolumeMount } from '../../../src/sandbox/provider.ts';
import { run } from '../processes.ts';
import { identity, type SandboxesUnderTest } from './subject.ts';

const mountPath = '/mnt/state';

export function testVolumes(subject: SandboxesUnderTest): void {
  const { create, runId, provider } = subject;

  const whole: VolumeMount = { name: 'harvest-conformance', mountPath };
  /** The port deletes no volume: every run has its own sub-path of one that stays. */
  const part = (label: string, more: Partial<VolumeMount> = {}): VolumeMount[] => [
    { ...whole, subPath: `${runId}/${label}`, ...more },
  ];

  test('shows what a sandbox that ended has written, with its modes', async () => {
    const writer = await create('volume-writer', { volumes: part('kept') });
    const script =
      'mkdir -p a/b; echo one > a/b/file; printf "#!/bin/sh\\necho ran" > run; chmod 755 run; ln -s a/b link';
    expect(await run(writer, ['sh', '-c', `cd ${mountPath}; ${script}`])).toMatchObject({ code: 0 });
    await writer.terminate();
    const reader = await create('volume-reader', { volumes: part('kept') });
    const look = `cd ${mountPath}; cat a/b/file link/file; ./run; rm a/b/file; echo two > second`;
    expect(await run(reader, ['sh', '-c', look])).toMatchObject({ stdout: 'one\none\nran\n', code: 0 });
    await reader.terminate();
    const last = await create('volume-last', { volumes: part('kept') });
    const left = await run(last, ['sh', '-c', `cd ${mountPath}; ls; ls a/b`]);
    expect(left.stdout).toBe('a\nlink\nrun\nsecond\n');
  });

  test('keeps what two sandboxes write into it at the same time', async () => {
    const labels = ['left', 'right'];
    const both = await Promise.all(labels.map((label) => create(label, { volumes: part('shared') })));
    await Promise.all(
      both.map((sandbox, index) =>
        run(sandbox, ['sh', '-c', `echo ${index} > ${mountPath}/${labels[index]}`]),
      ),
    );
    await Promise.all(both.map((sandbox) => sandbox.terminate()));
    const reader = await create('both', { volumes: part('shared') });
    expect((await run(reader, ['sh', '-c', `cd ${mountPath}; cat left right`])).stdout).toBe('0\n1\n');
  });

  test('is apart in its sub-paths, and whole without one', async () => {
    const one = await create('sub-one', { volumes: part('one') });
    await run(one, ['sh', '-c', `echo secret > ${mountPath}/file`]);
    await one.terminate();
    const two = await create('sub-two', { volumes: part('two') });
    const look = `cd ${mountPath}; ls -A; cat ../file ../one/file file`;
    expect(await run(two, ['sh', '-c', look])).toMatchObject({ stdout: '', code: 1 });
    const above = await create('sub-none', { volumes: [whole] });
    expect((await run(above, ['cat', `${mountPath}/${runId}/one/file`])).stdout).toBe('secret\n');
  });

  test('that is mounted read-only can be read and not written', async () => {
    const writer = await create('ro-writer', { volumes: part('ro') });
    await run(writer, ['sh', '-c', `echo here > ${mountPath}/file`]);
    await writer.terminate();
    const reader = await create('ro-reader', { volumes: part('ro', { readOnly: true }) });
    const attempt = 'cat file; echo x > file; echo x > new; rm file; cat file; ls';
    const result = await run(reader, ['sh', '-c', `cd ${mountPath}; ${attempt}`]);
    expect(result.stdout).toBe('here\nhere\nfile\n');
  });

  test('is in no snapshot: there is an empty directory in its place', async () => {
    const sandbox = await create('snapshot-volume', { volumes: part('snapshot') });
    await run(sandbox, ['sh', '-c', `echo of the volume > ${mountPath}/file; echo own > /root/own`]);
    const image = await sandbox.snapshot({ timeoutSeconds: 60 });
    await sandbox.terminate();
    const without = await create('snapshot-without', { image });
    const look = ['sh', '-c', `cat /root/own; cd ${mountPath} && ls -A`];
    expect(await run(without, look)).toMatchObject({ stdout: 'own\n', code: 0 });
    const restored = await create('snapshot-with', { image, volumes: part('snapshot') });
    expect((await run(restored, ['cat', `${mountPath}/file`])).stdout).toBe('of the volume\n');
    await Promise.all([without.terminate(), restored.terminate()]);
    await provider().deleteImage(image);
  });

  const impossible: [string, Partial<VolumeMount>][] = [
    ['the root of the sandbox', { mountPath: '/' }],
    ['a path that is not empty', { mountPath: '/etc' }],
    ['a relative path', { mountPath: 'mnt/state' }],
    ['a sub-path that leads out of it', { subPath: '../other' }],
    ['a sub-path that is the whole', { subPath: '/' }],
  ];
  test.each(impossible)('is not mounted with %s', async (label, more) => {
    const outcome = await create(`impossible-${label.length}`, { volumes: part('impossible', more) }).catch(
      identity,
    );
    expect([ProviderRefused.name, SandboxLost.name]).toContain((outcome as Error).name);
  });

  test('is not mounted twice at one path', async () => {
    const outcome = await create('twice-at-one', { volumes: [...part('a'), ...part('b')] }).catch(identity);
    expect(outcome).toBeInstanceOf(ProviderRefused);
  });
}
