import { AlreadyExistsError, ConflictError, NotFoundError } from 'modal';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Harness, out, sh, eventually } from './support/harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

describe('a command in a sandbox', () => {
  test('gives its stdout, its stderr and its exit code', async () => {
    const sandbox = await harness.sandbox();
    const ran = await sh(sandbox, 'echo out; echo err >&2; exit 3');
    expect(ran).toEqual({ stdout: 'out\n', stderr: 'err\n', code: 3 });
    await sandbox.terminate();
  });

  test('killed by a signal ends with 128 and the signal, never with 0', async () => {
    const sandbox = await harness.sandbox();
    expect((await sh(sandbox, 'kill -9 $$')).code).toBe(137);
    expect((await sh(sandbox, 'kill -15 $$')).code).toBe(143);
    await sandbox.terminate();
  });

  test('that does not exist ends with 127 and says so', async () => {
    const sandbox = await harness.sandbox();
    const process = await sandbox.exec(['no-such-program']);
    expect(await process.wait()).toBe(127);
    expect(await process.stderr.readText()).toContain('no-such-program');
    await sandbox.terminate();
  });

  test('is the leader of a session and a process group of its own', async () => {
    const sandbox = await harness.sandbox();
    const [pid, , , , group, session] = (await out(sandbox, 'cat /proc/$$/stat')).split(' ');
    expect([group, session]).toEqual([pid, pid]);
    await sandbox.terminate();
  });

  test('sees the variables of the host, image, sandbox and exec, later ones winning', async () => {
    const image = await harness.build('ENV IMAGE=image BOTH=image');
    const secret = await harness.modal.secrets.fromObject({
      SECRET: 'secret',
      BOTH: 'sandbox',
      WINS: 'secret',
    });
    const sandbox = await harness.sandbox(
      { env: { WINS: 'env', EXEC: 'sandbox' }, secrets: [secret] },
      image,
    );
    const ran = await sh(sandbox, 'echo $HOME $IMAGE $SECRET $BOTH $WINS $EXEC', { env: { EXEC: 'exec' } });
    expect(ran.stdout).toBe('/root image secret sandbox env exec\n');
    await sandbox.terminate();
  });

  test('starts in its own working directory, else in that of the sandbox, else in that of the image', async () => {
    const image = await harness.build('WORKDIR /image');
    const inImage = await harness.sandbox({}, image);
    const inSandbox = await harness.sandbox({ workdir: '/usr' }, image);
    expect(await out(inImage, 'pwd')).toBe('/image\n');
    expect(await out(inSandbox, 'pwd')).toBe('/usr\n');
    expect((await sh(inSandbox, 'pwd', { workdir: '/etc' })).stdout).toBe('/etc\n');
    await Promise.all([inImage.terminate(), inSandbox.terminate()]);
  });

  test('reads its stdin until it is closed', async () => {
    const sandbox = await harness.sandbox();
    const process = await sandbox.exec(['cat']);
    await process.stdin.writeText('one ');
    await process.stdin.writeText('two');
    await process.stdin.close();
    expect(await process.stdout.readText()).toBe('one two');
    expect(await process.wait()).toBe(0);
    await sandbox.terminate();
  });

  test('writes more than any buffer holds and loses nothing', async () => {
    const sandbox = await harness.sandbox();
    const process = await sandbox.exec(['sh', '-c', 'seq 1 3000000']);
    expect(await process.wait()).toBe(0);
    const text = await process.stdout.readText();
    expect(text.length).toBe(22_888_896);
    expect(text.endsWith('2999999\n3000000\n')).toBe(true);
    await sandbox.terminate();
  });

  test('may open its stdout and stderr again by name, as any user', async () => {
    const sandbox = await harness.sandbox();
    const again = 'echo a >/dev/stdout; echo b >/dev/stderr';
    const ran = await sh(sandbox, `${again}; setpriv --reuid 1000 --clear-groups sh -c '${again}'`);
    expect(ran).toEqual({ stdout: 'a\na\n', stderr: 'b\nb\n', code: 0 });
    await sandbox.terminate();
  });

  test('with ignored output gives none', async () => {
    const sandbox = await harness.sandbox();
    const process = await sandbox.exec(['sh', '-c', 'echo out; echo err >&2'], { stdout: 'ignore' });
    expect([await process.stdout.readText(), await process.stderr.readText()]).toEqual(['', 'err\n']);
    await sandbox.terminate();
  });

  test('ends its output when it ends, although a background process keeps the pipes open', async () => {
    const sandbox = await harness.sandbox();
    const ran = await sh(sandbox, '(sleep 1; echo late; touch /late; sleep 600) & echo now');
    expect(ran).toEqual({ stdout: 'now\n', stderr: '', code: 0 });
    // The background process lives on, and its writes do not kill it.
    await eventually(async () => (await sh(sandbox, 'test -e /late')).code).toBe(0);
    expect(await out(sandbox, 'pgrep -c sleep || cat /proc/[0-9]*/comm')).toContain('sleep');
    await sandbox.terminate();
  });
});

describe('the entrypoint of a sandbox', () => {
  test('ends the sandbox with its own exit code and takes every other process along', async () => {
    const sandbox = await harness.sandbox({ command: ['sh', '-c', 'read line; echo got $line; exit 7'] });
    const other = await sandbox.exec(['sleep', '600']);
    await sandbox.stdin.writeText('word\n');
    expect(await sandbox.stdout.readText()).toBe('got word\n');
    expect(await sandbox.wait()).toBe(7);
    expect(await other.wait()).toBe(137);
  });

  test('can be read from the beginning by a client that comes later', async () => {
    const sandbox = await harness.sandbox({ command: ['sh', '-c', 'echo early; sleep 600'] });
    expect(await firstChunk((await harness.modal.sandboxes.fromId(sandbox.sandboxId)).stdout)).toBe(
      'early\n',
    );
    expect(await firstChunk((await harness.modal.sandboxes.fromId(sandbox.sandboxId)).stdout)).toBe(
      'early\n',
    );
    await sandbox.terminate();
  });

  test('runs beside PID 1, which reaps orphans', async () => {
    const sandbox = await harness.sandbox({ command: ['sleep', '600'] });
    await out(sandbox, '(sleep 0.1 &) ; (sleep 0.1 &)');
    await eventually(async () => out(sandbox, "grep -l '^State:.Z' /proc/[0-9]*/status || true")).toBe('');
    expect(await out(sandbox, 'cat /proc/1/comm')).toBe('sleep\n');
    await sandbox.terminate();
  });
});

describe('a sandbox', () => {
  test('without a command lives until it is terminated', async () => {
    const sandbox = await harness.sandbox();
    expect(await sandbox.poll()).toBeNull();
    expect(await sandbox.terminate({ wait: true })).toBe(137);
    expect(await sandbox.poll()).toBe(137);
  });

  test('that has ended refuses commands, on the old handle and on a new one', async () => {
    const sandbox = await harness.sandbox();
    await sandbox.exec(['true']);
    await sandbox.terminate();
    await expect(sandbox.exec(['true'])).rejects.toMatchObject({ code: 5 });
    const again = await harness.modal.sandboxes.fromId(sandbox.sandboxId);
    await expect(again.exec(['true'])).rejects.toThrow(ConflictError);
  });

  test('has a name that no other running one of its app can take, and gives it back at its end', async () => {
    const first = await harness.sandbox({ name: 'only-one' });
    await expect(harness.sandbox({ name: 'only-one' })).rejects.toThrow(AlreadyExistsError);
    const found = await harness.modal.sandboxes.fromName('test-app', 'only-one');
    expect(found.sandboxId).toBe(first.sandboxId);
    await first.terminate();
    await expect(harness.modal.sandboxes.fromName('test-app', 'only-one')).rejects.toThrow(NotFoundError);
    const second = await harness.sandbox({ name: 'only-one' });
    await second.terminate();
    const newest = await harness.modal.sandboxes.fromName('test-app', 'only-one', {
      includeTerminated: true,
    });
    expect(newest.sandboxId).toBe(second.sandboxId);
  });

  test('gets the name once of two creations at the same moment', async () => {
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map(async () => harness.sandbox({ name: 'contested' })),
    );
    const created = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(created).toHaveLength(1);
    await created[0]?.terminate();
  });

  test('can be named once after its creation', async () => {
    const sandbox = await harness.sandbox();
    await sandbox.experimentalSetName('named-later');
    expect((await harness.modal.sandboxes.fromName('test-app', 'named-later')).sandboxId).toBe(
      sandbox.sandboxId,
    );
    await expect(sandbox.experimentalSetName('again')).rejects.toThrow(ConflictError);
    await sandbox.terminate();
  });

  test('has tags that can be replaced and searched for', async () => {
    const sandbox = await harness.sandbox({ tags: { session: 's1', generation: '2' } });
    expect(await sandbox.getTags()).toEqual({ session: 's1', generation: '2' });
    expect(await listed({ session: 's1' })).toEqual([sandbox.sandboxId]);
    expect(await listed({ session: 's1', generation: '3' })).toEqual([]);
    await sandbox.setTags({ session: 's2' });
    expect(await sandbox.getTags()).toEqual({ session: 's2' });
    expect(await listed({ session: 's1' })).toEqual([]);
    await sandbox.terminate();
    expect(await listed({ session: 's2' })).toEqual([]);
  });

  test('is in the list of its app exactly once, however many pages there are', async () => {
    const many = await Promise.all(
      Array.from({ length: 23 }, async () => harness.sandbox({ tags: { group: 'many' } })),
    );
    const ids = await listed({ group: 'many' });
    expect(ids.toSorted()).toEqual(many.map((sandbox) => sandbox.sandboxId).toSorted());
    await Promise.all(many.map(async (sandbox) => sandbox.terminate()));
    expect(await listed({ group: 'many' })).toEqual([]);
  });

  test('is unknown to the list of another app and of another environment', async () => {
    const sandbox = await harness.sandbox({ tags: { group: 'apart' } });
    const other = await harness.modal.apps.fromName('other-app', { createIfMissing: true });
    const ids: string[] = [];
    for await (const one of harness.modal.sandboxes.list({ appId: other.appId })) ids.push(one.sandboxId);
    for await (const one of harness.modal.sandboxes.list({ environment: 'other' })) ids.push(one.sandboxId);
    expect(ids).toEqual([]);
    await sandbox.terminate();
  });
});

describe('an app', () => {
  test('is only found if it was created', async () => {
    await expect(harness.modal.apps.fromName('never-made')).rejects.toThrow(NotFoundError);
    expect((await harness.modal.apps.fromName('test-app')).appId).toBe(harness.app.appId);
  });
});

describe('a secret', () => {
  test('that was set by name is attached to sandboxes and execs, and must have the keys asked for', async () => {
    harness.emulator.setSecret('named', { TOKEN: 'from-name' });
    const secret = await harness.modal.secrets.fromName('named', { requiredKeys: ['TOKEN'] });
    const sandbox = await harness.sandbox({ secrets: [secret] });
    expect(await out(sandbox, 'echo $TOKEN')).toBe('from-name\n');
    const plain = await harness.sandbox();
    expect((await sh(plain, 'echo $TOKEN', { secrets: [secret] })).stdout).toBe('from-name\n');
    expect((await sh(plain, 'echo "$TOKEN"')).stdout).toBe('\n');
    await expect(harness.modal.secrets.fromName('named', { requiredKeys: ['OTHER'] })).rejects.toThrow(
      /OTHER/,
    );
    await expect(harness.modal.secrets.fromName('unknown')).rejects.toThrow(NotFoundError);
    await harness.modal.secrets.delete('named');
    await expect(harness.modal.secrets.fromName('named')).rejects.toThrow(NotFoundError);
    await Promise.all([sandbox.terminate(), plain.terminate()]);
  });
});

async function listed(tags: Record<string, string>): Promise<string[]> {
  const ids: string[] = [];
  for await (const sandbox of harness.modal.sandboxes.list({ appId: harness.app.appId, tags }))
    ids.push(sandbox.sandboxId);
  return ids;
}

async function firstChunk(stream: ReadableStream<string>): Promise<string | undefined> {
  for await (const chunk of stream) return chunk;
  return undefined;
}
