import { expect, test } from 'vitest';
import { ImageBuildFailed, ImageGone } from '../../../src/sandbox/errors.ts';
import { run } from '../processes.ts';
import { identity, type SandboxesUnderTest } from './subject.ts';

export function testSnapshot(subject: SandboxesUnderTest): void {
  const { create, provider } = subject;

  test('keeps the file system for new sandboxes, and can be deleted', async () => {
    const sandbox = await create('source');
    await run(sandbox, ['sh', '-c', 'echo kept > /root/kept; rm /etc/issue; chown 10001:10001 /root/kept']);
    const image = await sandbox.snapshot({ timeoutSeconds: 60 });
    await run(sandbox, ['sh', '-c', 'echo later > /root/kept']);
    const restored = await create('restored', { image });
    const result = await run(restored, ['sh', '-c', 'cat /root/kept; stat -c %u /root/kept; ls /etc/issue']);
    expect(result).toMatchObject({ stdout: 'kept\n10001\n', code: 2 });
    await restored.terminate();
    await provider().deleteImage(image);
    await provider().deleteImage(image);
    expect(await create('gone', { image }).catch(identity)).toBeInstanceOf(ImageGone);
  });
}

export function testBuildImage(subject: SandboxesUnderTest): void {
  const { create, runId, provider } = subject;

  const recipe = {
    from: 'debian:bookworm-slim',
    commands: ['RUN echo building; echo built > /built', 'ENV HARVEST=yes'],
  };

  test('builds with its log as it comes, and finds what was built before', async () => {
    const log: string[] = [];
    const image = await provider().buildImage(recipe, (text) => log.push(text));
    const again = await provider().buildImage(recipe, () => {});
    expect(again).toEqual(image);
    const sandbox = await create('built', { image });
    expect((await run(sandbox, ['sh', '-c', 'cat /built; echo $HARVEST'])).stdout).toBe('built\nyes\n');
    expect(log.join('')).toContain('RUN echo building');
  });

  test('a command that fails is ImageBuildFailed with the end of its output', async () => {
    const broken = { ...recipe, commands: [`RUN echo about to fail ${runId}; exit 4`] };
    const log: string[] = [];
    const failure = await provider()
      .buildImage(broken, (text) => log.push(text))
      .catch(identity);
    expect(failure).toBeInstanceOf(ImageBuildFailed);
    expect((failure as ImageBuildFailed).log).toContain(`about to fail ${runId}`);
    expect(log.join('')).toContain(`about to fail ${runId}`);
  });

  test('an aborted build rejects with the reason', async () => {
    const abort = new AbortController();
    const slow = { ...recipe, commands: [`RUN echo ${runId}; sleep 30`] };
    const onLog = (): void => abort.abort(new Error('not needed'));
    const failure = await provider().buildImage(slow, onLog, abort.signal).catch(identity);
    expect(failure).toMatchObject({ message: 'not needed' });
  });
}
