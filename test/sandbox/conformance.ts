/**
 * The text of the sandbox port (src/sandbox/provider.ts) as tests. Every adapter runs them: `testSandboxProvider({ open })`
 * in a test file of its own.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ImageBuildFailed, ImageGone, ProviderRefused, SandboxLost } from '../../src/sandbox/errors.ts';
import type { ImageRef, Sandbox, SandboxProcess, SandboxProvider } from '../../src/sandbox/provider.ts';
import { collect, run } from './processes.ts';

export type ConformanceSubject = {
  provider: SandboxProvider;
  /** A Debian image with a shell; the suite deletes nothing but what it made itself. */
  image: ImageRef;
  /** A secret that exists there, and one of its variables with its value; without it the secret tests are left out. */
  secret?: { name: string; variable: string; value: string };
  close(): Promise<void>;
};

export function testSandboxProvider({ open }: { open: () => Promise<ConformanceSubject> }): void {
  let subject: ConformanceSubject;
  let shared: Sandbox;
  const made: Sandbox[] = [];
  const runId = randomUUID().slice(0, 8);
  const nameOf = (label: string) => `conformance-${runId}-${label}`;

  const create = async (label: string, more: { image?: ImageRef; command?: string[]; tag?: string } = {}) => {
    const sandbox = await subject.provider.create({
      name: nameOf(label),
      image: more.image ?? subject.image,
      command: more.command ?? ['sleep', 'infinity'],
      tags: { suite: runId, kind: more.tag ?? 'any' },
      timeoutSeconds: 600,
    });
    made.push(sandbox);
    return sandbox;
  };

  beforeAll(async () => {
    subject = await open();
    shared = await create('shared', { tag: 'shared' });
  }, 600_000);
  afterEach(async () => {
    await Promise.all(
      made.splice(0).map(async (sandbox) => sandbox === shared || (await sandbox.terminate())),
    );
  });
  afterAll(async () => {
    await shared?.terminate();
    await subject?.close();
  });

  describe('exec', () => {
    test('runs as root in / and tells stdout, stderr and the exit code', async () => {
      const result = await run(shared, ['sh', '-c', 'id -u; pwd; echo problem >&2; exit 7']);
      expect(result).toEqual({ stdout: '0\n/\n', stderr: 'problem\n', code: 7 });
    });

    test('a process killed by a signal is 128 plus the signal, never 0', async () => {
      expect((await run(shared, ['sh', '-c', 'kill -TERM $$'])).code).toBe(143);
      expect((await run(shared, ['sh', '-c', 'kill -KILL $$'])).code).toBe(137);
    });

    test('stdin arrives whole and is closed', async () => {
      const stdin = Buffer.alloc(3 * 1024 * 1024 + 17, 'harvest ');
      expect((await run(shared, ['wc', '-c'], { stdin })).stdout.trim()).toBe(String(stdin.length));
    });

    test('without stdin the process sees its end at once', async () => {
      expect(await run(shared, ['cat'])).toEqual({ stdout: '', stderr: '', code: 0 });
    });

    test('a process that does not read its stdin ends as it likes', async () => {
      const result = await run(shared, ['sh', '-c', 'exec <&-; echo done'], {
        stdin: Buffer.alloc(1024 * 1024),
      });
      expect(result).toMatchObject({ stdout: 'done\n', code: 0 });
    });

    test('output comes as it is written', async () => {
      const process = await shared.exec([
        'sh',
        '-c',
        'echo first; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo last',
      ]);
      const chunks = process.stdout[Symbol.asyncIterator]();
      expect(Buffer.from((await chunks.next()).value ?? []).toString()).toBe('first\n');
      // Written only after the first line was seen: it did not wait for the end of the process.
      await run(shared, ['touch', '/tmp/go']);
      expect(Buffer.from((await chunks.next()).value ?? []).toString()).toBe('last\n');
      expect((await chunks.next()).done).toBe(true);
      expect(await process.wait()).toBe(0);
    });

    test('large output is complete and binary', async () => {
      const process = await shared.exec(['sh', '-c', 'head -c 20000000 /dev/zero | tr "\\0" "\\377"']);
      const output = await collect(process.stdout);
      expect(output.length).toBe(20_000_000);
      expect(output.every((byte) => byte === 255)).toBe(true);
    });

    test('only the end of a long stderr is kept, from a whole line on', async () => {
      const { stderr } = await run(shared, ['sh', '-c', 'seq 1 5000 >&2']);
      expect(Buffer.byteLength(stderr)).toBeLessThanOrEqual(8 * 1024);
      const lines = stderr.trimEnd().split('\n').map(Number);
      expect(lines.at(-1)).toBe(5000);
      expect(lines.every((line, index) => index === 0 || line === (lines[index - 1] ?? 0) + 1)).toBe(true);
    });

    test('an aborted signal ends the output, and wait rejects with its reason', async () => {
      const abort = new AbortController();
      const process = await shared.exec(['sh', '-c', 'echo started; sleep 60'], { signal: abort.signal });
      const seen: string[] = [];
      for await (const chunk of process.stdout) {
        seen.push(Buffer.from(chunk).toString());
        abort.abort(new Error('enough'));
      }
      expect(seen).toEqual(['started\n']);
      await expect(process.wait()).rejects.toThrow('enough');
      await expect(shared.exec(['true'], { signal: abort.signal })).rejects.toThrow('enough');
    });

    test('a reader may leave before the end', async () => {
      const process = await shared.exec([
        'sh',
        '-c',
        'echo one; while [ ! -e /tmp/left ]; do sleep 0.05; done; echo two; exit 3',
      ]);
      for await (const chunk of process.stdout) {
        expect(Buffer.from(chunk).toString()).toBe('one\n');
        break;
      }
      await run(shared, ['touch', '/tmp/left']);
      expect(await process.wait()).toBe(3);
    });

    test('many processes run at the same time', async () => {
      const results = await Promise.all(
        Array.from({ length: 12 }, (_, index) => run(shared, ['sh', '-c', `sleep 0.2; echo ${index}`])),
      );
      expect(results.map(({ stdout }) => Number(stdout))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    });

    test('too many arguments are refused', async () => {
      await expect(shared.exec(['echo', 'x'.repeat(70_000)])).rejects.toBeInstanceOf(ProviderRefused);
    });

    test('a named secret is in the environment of this one process', async ({ skip }) => {
      const { secret } = subject;
      if (secret === undefined) return skip('the subject has no secret');
      const print = ['sh', '-c', `printf %s "$${secret.variable}"`];
      expect((await run(shared, print, { secretNames: [secret.name] })).stdout).toBe(secret.value);
      expect((await run(shared, print)).stdout).toBe('');
    });

    test('a secret that does not exist is refused by name', async () => {
      const failure = await shared
        .exec(['true'], { secretNames: ['harvest-no-such-secret'] })
        .catch(identity);
      expect(failure).toBeInstanceOf(ProviderRefused);
      expect((failure as Error).message).toContain('harvest-no-such-secret');
    });
  });

  describe('create', () => {
    test('a repeated create finds the same sandbox, also two at once', async () => {
      const first = await create('twice');
      await run(first, ['touch', '/marker']);
      const second = await create('twice');
      expect(second.sandboxId).toBe(first.sandboxId);
      expect((await run(second, ['ls', '/marker'])).code).toBe(0);
      const [left, right] = await Promise.all([create('race'), create('race')]);
      expect(left.sandboxId).toBe(right.sandboxId);
      expect(await subject.provider.list({ suite: runId, kind: 'any' })).toHaveLength(2);
    });

    test('the name of one that ended can be used again', async () => {
      const first = await create('again');
      await first.terminate();
      expect(await subject.provider.findByName(nameOf('again'))).toBeNull();
      const second = await create('again');
      expect(second.sandboxId).not.toBe(first.sandboxId);
    });

    test('a running sandbox is found by its name and attached to by its id', async () => {
      const found = await subject.provider.findByName(nameOf('shared'));
      expect(found?.sandboxId).toBe(shared.sandboxId);
      const attached = await subject.provider.attach(shared.sandboxId);
      expect((await run(attached, ['echo', 'here'])).stdout).toBe('here\n');
      expect(await subject.provider.findByName(nameOf('absent'))).toBeNull();
    });

    test('an image that does not exist is ImageGone', async () => {
      const failure = await create('no-image', { image: { imageId: 'im-0000000000000000000000' } }).catch(
        identity,
      );
      expect(failure).toBeInstanceOf(ImageGone);
      expect(await subject.provider.findByName(nameOf('no-image'))).toBeNull();
    });

    test('an aborted create rejects with the reason', async () => {
      const failure = await subject.provider
        .create({
          name: nameOf('aborted'),
          image: subject.image,
          command: ['sleep', 'infinity'],
          tags: { suite: runId },
          timeoutSeconds: 60,
          signal: AbortSignal.abort(new Error('never mind')),
        })
        .catch(identity);
      expect(failure).toMatchObject({ message: 'never mind' });
    });

    test('the running sandboxes that have all the tags are listed, with their names, tags and beginnings', async () => {
      const before = new Date().toISOString();
      const one = await create('tagged-1', { tag: 'listed' });
      const two = await create('tagged-2', { tag: 'listed' });
      const listed = await subject.provider.list({ suite: runId, kind: 'listed' });
      const tags = { suite: runId, kind: 'listed' };
      const createdAt = expect.stringMatching(/^20.*Z$/);
      expect(listed.toSorted(byId)).toEqual(
        [
          { sandboxId: one.sandboxId, name: nameOf('tagged-1'), tags, createdAt },
          { sandboxId: two.sandboxId, name: nameOf('tagged-2'), tags, createdAt },
        ].toSorted(byId),
      );
      for (const { createdAt: created } of listed) {
        expect(created?.localeCompare(before)).toBeGreaterThanOrEqual(0);
        expect(created?.localeCompare(new Date().toISOString())).toBeLessThanOrEqual(0);
      }
      await one.terminate();
      expect(await subject.provider.list({ suite: runId, kind: 'listed' })).toHaveLength(1);
    });
  });

  describe('a sandbox that ended', () => {
    const ends: [string, (sandbox: Sandbox) => Promise<void>][] = [
      ['by terminate', (sandbox) => sandbox.terminate()],
      [
        'with its entrypoint',
        async (sandbox) => {
          await run(sandbox, ['touch', '/stop']);
          while (await sandbox.isRunning()) await sleep(50);
        },
      ],
    ];
    const waiting = ['sh', '-c', 'while [ ! -e /stop ]; do sleep 0.05; done; exit 9'];

    test.each(ends)('%s is SandboxLost for every call, from old and new handles', async (label, end) => {
      const sandbox = await create(`lost-${label.length}`, { command: waiting });
      expect(await sandbox.isRunning()).toBe(true);
      await end(sandbox);
      const attached = await subject.provider.attach(sandbox.sandboxId);
      for (const handle of [sandbox, attached]) {
        expect(await handle.isRunning()).toBe(false);
        const failures = await Promise.all([
          handle.exec(['true']).catch(identity),
          handle.snapshot({ timeoutSeconds: 10 }).catch(identity),
        ]);
        for (const failure of failures) expect(failure).toBeInstanceOf(SandboxLost);
        await handle.terminate();
      }
    });

    test('ends its running processes as SandboxLost', async () => {
      const sandbox = await create('lost-process');
      const process = await sandbox.exec(['sh', '-c', 'echo started; sleep 60']);
      const outcome = watch(process);
      while (!outcome.output.includes('started')) await sleep(20);
      await sandbox.terminate();
      expect(await outcome.end).toBeInstanceOf(SandboxLost);
    });

    test('may be terminated again', async () => {
      const sandbox = await create('ended-twice');
      await sandbox.terminate();
      await sandbox.terminate();
      expect(await sandbox.isRunning()).toBe(false);
    });

    test('because its entrypoint did at once is SandboxLost at its creation or for every call after it', async () => {
      const outcome = await create('short', { command: ['false'] }).catch((error: unknown) => error as Error);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(SandboxLost);
      else {
        // Until its end is known, a command may still be begun.
        while (await outcome.isRunning()) await sleep(50);
        expect(await outcome.exec(['true']).catch(identity)).toBeInstanceOf(SandboxLost);
      }
    });
  });

  describe('snapshot', () => {
    test('keeps the file system for new sandboxes, and can be deleted', async () => {
      const sandbox = await create('source');
      await run(sandbox, ['sh', '-c', 'echo kept > /root/kept; rm /etc/issue; chown 10001:10001 /root/kept']);
      const image = await sandbox.snapshot({ timeoutSeconds: 60 });
      await run(sandbox, ['sh', '-c', 'echo later > /root/kept']);
      const restored = await create('restored', { image });
      const result = await run(restored, [
        'sh',
        '-c',
        'cat /root/kept; stat -c %u /root/kept; ls /etc/issue',
      ]);
      expect(result).toMatchObject({ stdout: 'kept\n10001\n', code: 2 });
      await restored.terminate();
      await subject.provider.deleteImage(image);
      await subject.provider.deleteImage(image);
      expect(await create('gone', { image }).catch(identity)).toBeInstanceOf(ImageGone);
    });
  });

  describe('buildImage', () => {
    const recipe = {
      from: 'debian:bookworm-slim',
      commands: ['RUN echo building; echo built > /built', 'ENV HARVEST=yes'],
    };

    test('builds with its log as it comes, and finds what was built before', async () => {
      const log: string[] = [];
      const image = await subject.provider.buildImage(recipe, (text) => log.push(text));
      const again = await subject.provider.buildImage(recipe, () => {});
      expect(again).toEqual(image);
      const sandbox = await create('built', { image });
      expect((await run(sandbox, ['sh', '-c', 'cat /built; echo $HARVEST'])).stdout).toBe('built\nyes\n');
      expect(log.join('')).toContain('RUN echo building');
    });

    test('a command that fails is ImageBuildFailed with the end of its output', async () => {
      const broken = { ...recipe, commands: [`RUN echo about to fail ${runId}; exit 4`] };
      const log: string[] = [];
      const failure = await subject.provider.buildImage(broken, (text) => log.push(text)).catch(identity);
      expect(failure).toBeInstanceOf(ImageBuildFailed);
      expect((failure as ImageBuildFailed).log).toContain(`about to fail ${runId}`);
      expect(log.join('')).toContain(`about to fail ${runId}`);
    });

    test('an aborted build rejects with the reason', async () => {
      const abort = new AbortController();
      const slow = { ...recipe, commands: [`RUN echo ${runId}; sleep 30`] };
      const onLog = (): void => abort.abort(new Error('not needed'));
      const failure = await subject.provider.buildImage(slow, onLog, abort.signal).catch(identity);
      expect(failure).toMatchObject({ message: 'not needed' });
    });
  });
}

function identity<T>(value: T): T {
  return value;
}

function byId(a: { sandboxId: string }, b: { sandboxId: string }): number {
  return a.sandboxId < b.sandboxId ? -1 : 1;
}

/** Reads a process to its end; `end` resolves to its exit code or to the error. */
function watch(process: SandboxProcess): { output: string; end: Promise<unknown> } {
  const watched = { output: '', end: Promise.resolve<unknown>(undefined) };
  watched.end = (async () => {
    try {
      for await (const chunk of process.stdout) watched.output += Buffer.from(chunk).toString();
      return await process.wait();
    } catch (error) {
      return error;
    }
  })();
  return watched;
}
