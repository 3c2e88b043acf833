/** The supervisor's memory does not grow with what its agent says, nor with what nobody reads (docs/reliability.md). */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bounds } from '../../src/contracts/bounds.ts';
import { eventsOf, recordOf } from '../supervisor/support/client.ts';
import { turnRequest } from '../supervisor/support/requests.ts';
import { TestSession } from '../supervisor/support/session.ts';
import { createWorld, type World } from '../supervisor/support/world.ts';
import { forgetMost, memoryOf } from './support/memory-of.ts';
import { useScriptedAgent } from './support/scripted-agent.ts';

const deltas = 1_000_000;
const outputBytes = 20_000_000;
/** What a turn may add, however much is said in it. */
const growthMiB = 150;
/** What one message of the agent may add: it is parsed, redacted and written as a whole. */
const growthForMessageMiB = 20 * (outputBytes / 2 ** 20);

let world: World;

beforeAll(async () => {
  world = await createWorld();
  useScriptedAgent(world);
});

afterAll(async () => {
  await world.close();
});

test('a million small pieces of text, before one follower that reads and one that does not', async () => {
  const session = await TestSession.begin(world);
  await session.turn('warm', ['deltas 1000']);
  const { pid } = session.supervisor.process;
  forgetMost(pid);
  const before = memoryOf(pid);
  const from = await session.journalBytes();
  const stuck = followerThatDoesNotRead(session, { turnId: 'long', text: `deltas ${deltas}`, from });
  const followed = await session.turn('long', [`deltas ${deltas}`], { from });
  expect(memoryOf(pid).mostMiB - before.nowMiB).toBeLessThan(growthMiB);

  expect(recordOf(followed, 'turn.ended')).toMatchObject({ outcome: { status: 'completed' } });
  const text = eventsOf(followed, 'agent.text.delta')
    .map((data) => data.text)
    .join('');
  expect(hashOf(text)).toBe(hashOf(Array.from({ length: deltas }, (_, index) => `${index + 1} `).join('')));
  // What was not read waited in the journal.
  const journal = readFileSync(join(session.place.state, 'g1', 'journal.jsonl')).subarray(from);
  const late = await stuck.readNow();
  expect(hashOf(late.subarray(0, followed.bytes))).toBe(hashOf(journal.subarray(0, followed.bytes)));
  expect(late.subarray(followed.bytes).toString()).toMatch(
    /^(\{"kind":"stream.alive"\}\n)*\{"kind":"stream.end",/,
  );
});

test('a tool output of 20 MB: its beginning is in the event, the whole in the transcript, and the next one needs no more', async () => {
  const session = await TestSession.begin(world);
  await session.turn('warm', ['deltas 1000']);
  const { pid } = session.supervisor.process;
  forgetMost(pid);
  const before = memoryOf(pid);
  const whole = 'pear '.repeat(outputBytes / 5);
  for (const turnId of ['first', 'second']) {
    const followed = await session.turn(turnId, [`output ${outputBytes}`]);
    const [finished] = eventsOf(followed, 'tool.finished');
    expect(finished).toMatchObject({ isError: false, cut: { bytes: outputBytes } });
    expect(hashOf(finished?.output ?? '')).toBe(hashOf(whole.slice(0, bounds.toolOutputBytes)));
    const [transcript] = followed.records.filter((record) => record.kind === 'transcript');
    expect(hashOf(JSON.stringify(transcript?.batch.entries[0]?.['message']))).toBe(
      hashOf(messageWith(finished, whole)),
    );
    expect(memoryOf(pid).mostMiB - before.nowMiB).toBeLessThan(growthForMessageMiB);
  }
});

function messageWith(finished: { toolUseId: string } | undefined, content: string): string {
  return JSON.stringify({
    role: 'user',
    content: [{ type: 'tool_result', tool_use_id: finished?.toolUseId, content }],
  });
}

function hashOf(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}

/** curl, whose output nobody takes until `readNow`. */
function followerThatDoesNotRead(
  { place }: TestSession,
  { turnId, text, from }: { turnId: string; text: string; from: number },
): { readNow: () => Promise<Buffer> } {
  const body = JSON.stringify(turnRequest(turnId, text, { from }));
  const curl = spawn(
    'curl',
    ['-sN', '--unix-socket', place.socket, '-X', 'POST', '--data-binary', '@-', 'http://supervisor/turns'],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const closed = once(curl, 'close');
  curl.stdin.end(body);
  return {
    readNow: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of curl.stdout as AsyncIterable<Buffer>) chunks.push(chunk);
      await closed;
      return Buffer.concat(chunks);
    },
  };
}
