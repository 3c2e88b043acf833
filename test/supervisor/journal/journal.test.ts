import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JournalRecord } from '../../../src/contracts/supervisor.ts';
import { follow } from '../../../src/supervisor/journal/follow.ts';
import { Generation } from '../../../src/supervisor/generation.ts';
import { Journal, type Span } from '../../../src/supervisor/journal/journal.ts';
import { Recorder } from '../../../src/supervisor/recorder.ts';
import { createRedactor } from '../../../src/secrets/redaction.ts';
import { finishedCalls, tellFinishedCalls } from '../../../src/supervisor/turns/finished-calls.ts';

const at = '2026-01-01T00:00:00.000Z';
const warning = (message: string): JournalRecord => ({
  kind: 'event',
  at,
  event: { type: 'warning', data: { message } },
});

describe('the journal', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'harvest-journal-'));
    path = join(folder, 'g1', 'journal.jsonl');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test('returns the bytes that a record takes, also for characters of several bytes', () => {
    const journal = Journal.open(path);
    const first = journal.append(warning('größer 🍐'));
    const second = journal.append(warning('x'));
    expect(first.start).toBe(0);
    expect(second.start).toBe(first.end);
    const bytes = readFileSync(path);
    expect(bytes.subarray(first.start, first.end).toString()).toBe(
      `${JSON.stringify(warning('größer 🍐'))}\n`,
    );
    expect(journal.size).toBe(bytes.length);
    expect([0, first.end, second.end].every((offset) => journal.isBoundary(offset))).toBe(true);
    expect(journal.isBoundary(first.end - 1)).toBe(false);
    expect(journal.isBoundary(second.end + 1)).toBe(false);
  });

  test('cuts off a last line that its writer did not finish, however long it is', () => {
    const journal = Journal.open(path);
    const { end } = journal.append(warning('whole'));
    appendFileSync(path, `{"kind":"event","torn":"${'x'.repeat(200_000)}`);
    const again = Journal.open(path);
    expect(again.size).toBe(end);
    again.append(warning('next'));
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as JournalRecord)).toEqual([
      warning('whole'),
      warning('next'),
    ]);
  });

  test('says between two records that it is followed, while nothing is written', async () => {
    const journal = Journal.open(path);
    const gone = new AbortController();
    const stream = follow({ journal, from: 0, ending: () => undefined, signal: gone.signal, aliveMs: 5 });
    const next = async (): Promise<unknown> => JSON.parse(String((await stream.next()).value));
    expect(await next()).toEqual({ kind: 'stream.alive' });
    expect(await next()).toEqual({ kind: 'stream.alive' });
    journal.append(warning('one'));
    expect(await next()).toEqual(warning('one'));
    expect(await next()).toEqual({ kind: 'stream.alive' });
    gone.abort();
    expect(await stream.next()).toMatchObject({ done: true });
  });

  test('is followed from any record to the one that ends the stream, as it grows', async () => {
    const journal = Journal.open(path);
    journal.append(warning('before'));
    const { end: from } = journal.append(warning('also before'));
    let ending: Span | undefined;
    const stream = follow({ journal, from, ending: () => ending, signal: new AbortController().signal });
    const read = (async () => {
      let text = '';
      for await (const piece of stream) text += piece.toString();
      return text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { kind: string });
    })();
    await new Promise((resolve) => setTimeout(resolve, 20));
    journal.append(warning('one'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    ending = { start: journal.size, end: journal.size + JSON.stringify(warning('two')).length + 1 };
    journal.append(warning('two'));
    journal.append(warning('not followed any more'));
    const lines = await read;
    expect(lines).toEqual([
      warning('one'),
      warning('two'),
      { kind: 'stream.end', next: ending.end, record: warning('two') },
    ]);
  });

  test('stops following when its reader has gone', async () => {
    const journal = Journal.open(path);
    const gone = new AbortController();
    const stream = follow({ journal, from: 0, ending: () => undefined, signal: gone.signal });
    const next = stream.next();
    gone.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  test('knows its turns, execs, starts and conversation again when it is opened again', async () => {
    const generation = await Generation.open(folder, 1);
    generation.append({ kind: 'start.finished', at, heads: [], runtimeVersion: '1' });
    generation.append({ kind: 'turn.accepted', at, turnId: 't1', textHash: 'a' });
    generation.append({ kind: 'turn.started', at, turnId: 't1', continuation: 0 });
    const ready = { agentSessionId: 's', model: 'm', version: '1', tools: 1 };
    generation.append({ kind: 'event', at, event: { type: 'agent.ready', data: ready } });
    generation.append(warning('between'));
    generation.append({ kind: 'transcript', at, batch: { agentSessionId: 's', entries: [{ uuid: 'u1' }] } });
    generation.append({ kind: 'exec.accepted', at, execId: 'e1' });
    const again = await Generation.open(folder, 1);
    expect(again.starts.finishedOnce).toBe(true);
    expect(again.turns.running).toBe('t1');
    expect(again.execs.running()).toEqual(['e1']);
    expect(again.agentSessionId).toBe('s');
    expect(again.hasMirrored('u1')).toBe(true);
    expect(again.journal.size).toBe(generation.journal.size);
  });

  test('holds no secret, also when it came in pieces, and keeps the order', async () => {
    const generation = await Generation.open(folder, 1);
    const recorder = new Recorder(generation, createRedactor({ values: ['canary-12345678'] }));
    const delta = (text: string) =>
      recorder.delta({ type: 'agent.text.delta', data: { messageId: 'm', block: 0, text } }, 't1');
    delta('It is cana');
    recorder.event({ type: 'warning', data: { message: 'in between' } }, 't1');
    delta('ry-1234');
    await new Promise((resolve) => setTimeout(resolve, 30));
    delta('5678, so');
    recorder.endBlocks('m');
    recorder.event({ type: 'agent.text', data: { messageId: 'm', text: 'It is canary-12345678, so' } }, 't1');
    const text = readFileSync(generation.journal.path, 'utf8');
    expect(text).not.toContain('canary');
    const records = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Extract<JournalRecord, { kind: 'event' }>);
    const pieces = records.flatMap(({ event }) =>
      event.type === 'agent.text.delta' ? [event.data.text] : [],
    );
    expect(pieces.join('')).toBe('It is [redacted:secret], so');
    expect(records.map(({ event }) => event.type)).toEqual([
      'agent.text.delta',
      'warning',
      'agent.text.delta',
      'agent.text',
    ]);
  });

  test('tells which tool calls had ended that the conversation does not know', async () => {
    const generation = await Generation.open(folder, 1);
    const recorder = new Recorder(generation, createRedactor({ values: [] }));
    for (const toolUseId of ['known', 'unknown', 'unfinished']) {
      const input = { command: `echo ${toolUseId}` };
      recorder.event({ type: 'tool.started', data: { toolUseId, name: 'Bash', input } }, 't1');
      if (toolUseId === 'unfinished') continue;
      recorder.event(
        { type: 'tool.finished', data: { toolUseId, isError: false, output: 'two\nlines' } },
        't1',
      );
    }
    const calls = await finishedCalls(generation.journal, { turnId: 't1', from: 0 });
    expect(calls.map(({ toolUseId }) => toolUseId)).toEqual(['known', 'unknown']);
    const entry = { type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: 'known' }] } };
    expect(tellFinishedCalls(calls, [entry])).toBe(
      '\n[Harvest] This had finished: Bash {"command":"echo unknown"}, with "two\\nlines"',
    );
  });
});
