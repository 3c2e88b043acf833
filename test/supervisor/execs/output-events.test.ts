import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bounds } from '../../../src/contracts/bounds.ts';
import type { JournalRecord } from '../../../src/contracts/supervisor.ts';
import { createRedactor } from '../../../src/secrets/redaction.ts';
import { OutputEvents } from '../../../src/supervisor/execs/output-events.ts';
import { Generation } from '../../../src/supervisor/generation.ts';
import { Recorder } from '../../../src/supervisor/recorder.ts';

const secret = 'canary-12345678';
let folder: string;
let generation: Generation;
let output: OutputEvents;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'harvest-output-'));
  generation = await Generation.open(folder, 1);
  output = new OutputEvents(new Recorder(generation, createRedactor({ values: [secret] })), 'e');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function written(): { stream: string; text: string }[] {
  const lines = readFileSync(generation.journal.path, 'utf8').split('\n').slice(0, -1);
  return lines.flatMap((line) => {
    const record = JSON.parse(line) as JournalRecord;
    if (record.kind !== 'event' || record.event.type !== 'exec.output') return [];
    const { stream, text } = record.event.data;
    return [{ stream, text }];
  });
}

test('what comes close together is one event, and what comes on the other stream another', () => {
  output.add('stdout', 'one ');
  output.add('stdout', 'two\n');
  output.add('stderr', 'oh\n');
  output.add('stdout', 'three\n');
  output.end();
  expect(written()).toEqual([
    { stream: 'stdout', text: 'one two\n' },
    { stream: 'stderr', text: 'oh\n' },
    { stream: 'stdout', text: 'three\n' },
  ]);
});

test('what came is written soon, although nothing follows it', async () => {
  output.add('stdout', 'so far\n');
  await expect.poll(written, { interval: 5 }).toEqual([{ stream: 'stdout', text: 'so far\n' }]);
  await sleep(50);
  output.end();
  expect(written()).toHaveLength(1);
});

test('a secret is redacted over the borders of pieces, in the tail too (I11)', () => {
  for (const piece of ['it is cana', 'ry-123', '45678, so']) output.add('stdout', piece);
  output.end();
  expect(
    written()
      .map(({ text }) => text)
      .join(''),
  ).toBe('it is [redacted:secret], so');
  expect(output.tail).toBe('it is [redacted:secret], so');
});

test.each([
  { what: 'letters', text: 'x'.repeat(200_000) },
  { what: 'emoji, of which none is cut in two', text: `a${'😀'.repeat(60_000)}` },
])('much at once comes whole in pieces that the event log takes: $what', ({ text }) => {
  output.add('stdout', text);
  output.end();
  const pieces = written().map((each) => each.text);
  expect(pieces.join('') === text).toBe(true);
  for (const piece of pieces) {
    expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(bounds.eventBytes);
    expect(piece.isWellFormed()).toBe(true);
  }
});

test('the tail is the last 4 KiB of both streams together, from a whole character on', () => {
  output.add('stdout', '😀'.repeat(5_000));
  output.add('stderr', 'at the end');
  output.end();
  expect(Buffer.byteLength(output.tail)).toBeLessThanOrEqual(bounds.answerTailBytes);
  expect(Buffer.byteLength(output.tail)).toBeGreaterThan(bounds.answerTailBytes - 4);
  expect(output.tail).toMatch(/^(😀)+at the end$/u);
});
