import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordOf } from './support/client.ts';
import { TestSession } from './support/session.ts';
import { createWorld, type World } from './support/world.ts';

describe('credentials', () => {
  let world: World;
  let session: TestSession;

  beforeAll(async () => {
    world = await createWorld();
    session = await TestSession.begin(world);
  });

  afterAll(async () => {
    await world.close();
  });

  const canaries = () => [world.gitToken, world.modelCredential];

  /** What the agent gets to see when it runs that. */
  const seenBy = async (id: string, command: string): Promise<string> => {
    const followed = await session.exec(id, ['bash', '-c', `${command} 2>&1`]);
    return recordOf(followed, 'exec.ended').output;
  };

  test('cannot be read by the agent in the environment or memory of any process', async () => {
    await session.turn('t1', [
      '!bash env > env.txt; cat /proc/*/environ > environs.txt 2>/dev/null; true',
      '!say Done.',
    ]);
    for (const canary of canaries()) {
      expect(session.file('env.txt')).not.toContain(canary);
      expect(session.file('environs.txt')).not.toContain(canary);
    }
    const pid = session.supervisor.process.pid ?? 0;
    expect(await seenBy('environ', `cat /proc/${pid}/environ`)).toContain('Permission denied');
    expect(await seenBy('memory', `head -c 1 /proc/${pid}/mem`)).toContain('Permission denied');
    expect(await seenBy('files', `ls /proc/${pid}/fd`)).toContain('Permission denied');
  });

  test('stay behind a socket and a folder that the agent cannot open', async () => {
    const { socket, state } = session.place;
    expect(await seenBy('socket', `curl -s --unix-socket ${socket} http://x/status; echo $?`)).toBe('7\n');
    expect(await seenBy('state', `cat ${state}/g1/journal.jsonl`)).toContain('Permission denied');
  });

  test('are in no argument of any process', () => {
    const commands = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => {
        try {
          return readFileSync(`/proc/${name}/cmdline`, 'utf8');
        } catch {
          return '';
        }
      });
    for (const canary of canaries()) expect(commands.join('\n')).not.toContain(canary);
  });

  test('are not given out by git', async () => {
    const ask = `printf "url=${session.url}\\n\\n" | GIT_TERMINAL_PROMPT=0 git credential fill`;
    const answer = await seenBy('fill', ask);
    for (const canary of canaries()) expect(answer).not.toContain(canary);
    const config = await seenBy('config', 'cat .git/config; git config --list');
    for (const canary of canaries()) expect(config).not.toContain(canary);
  });

  test('cannot be used to push to a branch of others', async () => {
    const output = await seenBy(
      'push',
      'git commit -q --allow-empty -m x; git push origin HEAD:refs/heads/main; echo $?',
    );
    expect(output).toMatch(/[1-9]\d*\n$/);
    expect(await session.journal()).toContain('git.push-refused');
  });

  test('are redacted in the journal wherever the agent says or prints them, in pieces too', async () => {
    const [git = '', model = ''] = canaries();
    const half = Math.floor(git.length / 2);
    const followed = await session.turn('t2', [
      `!slow-say 30 It is ${git.slice(0, half)}${git.slice(half)} as you know`,
      `!bash printf '%s' '${git.slice(0, half)}'; sleep 0.2; printf '%s\\n' '${git.slice(half)}'; echo ${model}`,
      '!say Done.',
    ]);
    recordOf(followed, 'turn.ended');
    await session.exec('say', [
      'sh',
      '-c',
      `printf '${git.slice(0, half)}'; sleep 0.1; echo '${git.slice(half)}'`,
    ]);
    for (const canary of canaries()) expect(await session.journal()).not.toContain(canary);
    expect(await session.journal()).toContain('[redacted:secret]');
  });

  test('are in no file but what the agent itself was told', async () => {
    await session.supervisor.client.request('POST', '/quiesce');
    for (const path of filesIn(session.place.state)) {
      for (const canary of canaries()) expect(readFileSync(path, 'latin1')).not.toContain(canary);
    }
  });
});

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}
