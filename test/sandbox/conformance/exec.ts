import { expect, test } from 'vitest';
import { ProviderRefused } from '../../../src/sandbox/errors.ts';
import { collect, run } from '../processes.ts';
import { identity, type SandboxesUnderTest } from './subject.ts';

export function testExec(subject: SandboxesUnderTest): void {
  const { shared } = subject;

  test('runs as root in / and tells stdout, stderr and the exit code', async () => {
    const result = await run(shared(), ['sh', '-c', 'id -u; pwd; echo problem >&2; exit 7']);
    expect(result).toEqual({ stdout: '0\n/\n', stderr: 'problem\n', code: 7 });
  });

  test('a process killed by a signal is 128 plus the signal, never 0', async () => {
    expect((await run(shared(), ['sh', '-c', 'kill -TERM $$'])).code).toBe(143);
    expect((await run(shared(), ['sh', '-c', 'kill -KILL $$'])).code).toBe(137);
  });

  test('stdin arrives whole and is closed', async () => {
    const stdin = Buffer.alloc(3 * 1024 * 1024 + 17, 'harvest ');
    expect((await run(shared(), ['wc', '-c'], { stdin })).stdout.trim()).toBe(String(stdin.length));
  });

  test('without stdin the process sees its end at once', async () => {
    expect(await run(shared(), ['cat'])).toEqual({ stdout: '', stderr: '', code: 0 });
  });

  test('a process that does not read its stdin ends as it likes', async () => {
    const result = await run(shared(), ['sh', '-c', 'exec <&-; echo done'], {
      stdin: Buffer.alloc(1024 * 1024),
    });
    expect(result).toMatchObject({ stdout: 'done\n', code: 0 });
  });

  test('output comes as it is written', async () => {
    const process = await shared().exec([
      'sh',
      '-c',
      'echo first; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo last',
    ]);
    const chunks = process.stdout[Symbol.asyncIterator]();
    expect(Buffer.from((await chunks.next()).value ?? []).toString()).toBe('first\n');
    // Written only after the first line was seen: it did not wait for the end of the process.
    await run(shared(), ['touch', '/tmp/go']);
    expect(Buffer.from((await chunks.next()).value ?? []).toString()).toBe('last\n');
    expect((await chunks.next()).done).toBe(true);
    expect(await process.wait()).toBe(0);
  });

  test('large output is complete and binary', async () => {
    const process = await shared().exec(['sh', '-c', 'head -c 20000000 /dev/zero | tr "\\0" "\\377"']);
    const output = await collect(process.stdout);
    expect(output.length).toBe(20_000_000);
    expect(output.every((byte) => byte === 255)).toBe(true);
  });

  test('only the end of a long stderr is kept, from a whole line on', async () => {
    const { stderr } = await run(shared(), ['sh', '-c', 'seq 1 5000 >&2']);
    expect(Buffer.byteLength(stderr)).toBeLessThanOrEqual(8 * 1024);
    const lines = stderr.trimEnd().split('\n').map(Number);
    expect(lines.at(-1)).toBe(5000);
    expect(lines.every((line, index) => index === 0 || line === (lines[index - 1] ?? 0) + 1)).toBe(true);
  });

  test('an aborted signal ends the output, and wait rejects with its reason', async () => {
    const abort = new AbortController();
    const process = await shared().exec(['sh', '-c', 'echo started; sleep 60'], { signal: abort.signal });
    const seen: string[] = [];
    for await (const chunk of process.stdout) {
      seen.push(Buffer.from(chunk).toString());
      abort.abort(new Error('enough'));
    }
    expect(seen).toEqual(['started\n']);
    await expect(process.wait()).rejects.toThrow('enough');
    await expect(shared().exec(['true'], { signal: abort.signal })).rejects.toThrow('enough');
  });

  test('a reader may leave before the end', async () => {
    const process = await shared().exec([
      'sh',
      '-c',
      'echo one; while [ ! -e /tmp/left ]; do sleep 0.05; done; echo two; exit 3',
    ]);
    for await (const chunk of process.stdout) {
      expect(Buffer.from(chunk).toString()).toBe('one\n');
      break;
    }
    await run(shared(), ['touch', '/tmp/left']);
    expect(await process.wait()).toBe(3);
  });

  test('many processes run at the same time', async () => {
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, index) => run(shared(), ['sh', '-c', `sleep 0.2; echo ${index}`])),
    );
    expect(results.map(({ stdout }) => Number(stdout))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test('too many arguments are refused', async () => {
    await expect(shared().exec(['echo', 'x'.repeat(70_000)])).rejects.toBeInstanceOf(ProviderRefused);
  });

  test('a named secret is in the environment of this one process', async ({ skip }) => {
    const secret = subject.secret();
    if (secret === undefined) return skip('the subject has no secret');
    const print = ['sh', '-c', `printf %s "$${secret.variable}"`];
    expect((await run(shared(), print, { secretNames: [secret.name] })).stdout).toBe(secret.value);
    expect((await run(shared(), print)).stdout).toBe('');
  });

  test('a secret that does not exist is refused by name', async () => {
    const failure = await shared()
      .exec(['true'], { secretNames: ['harvest-no-such-secret'] })
      .catch(identity);
    expect(failure).toBeInstanceOf(ProviderRefused);
    expect((failure as Error).message).toContain('harvest-no-such-secret');
  });
}
