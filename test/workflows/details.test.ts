import { describe, expect, test } from 'vitest';
import { sessionInputSchema } from '../../src/contracts/session-input.ts';
import { renderDetails, turnSummary } from '../../src/workflows/details.ts';
import { newQueuedPrompt, newSessionData } from '../../src/workflows/session-data.ts';
import type { Phase, QueuedPrompt, SessionData } from '../../src/workflows/session-data.ts';

const now = '2026-01-01T00:00:00.000Z';
const input = sessionInputSchema.parse({
  sessionId: 's',
  repositories: [
    { url: 'https://example.com/fruit.git' },
    { url: 'https://example.com/nuts', branch: 'dev' },
  ],
  user: { name: 'Ada', email: 'ada@example.com' },
});

function data(changes: Partial<SessionData>): SessionData {
  return { ...newSessionData(now), phase: { status: 'idle' }, ...changes };
}

function prompt(id: string, text: string): QueuedPrompt {
  return newQueuedPrompt({ id, text });
}

const noClocks = { pausesAt: null, turnEndsAt: null, rollsOverAt: null, closesAt: null };
const linesOf = (changes: Partial<SessionData>): string[] =>
  renderDetails(input, data(changes), noClocks).split('\n');

describe('current details', () => {
  test('between two turns name neither as running', () => {
    const between: Partial<SessionData> = {
      phase: { status: 'running', turnId: 'p1' },
      queue: [prompt('p2', 'then lint')],
    };
    expect(linesOf(between)[0]).toBe('**between two turns**');
    expect(linesOf(between)).toContainEqual(expect.stringContaining('queued: 1'));
  });

  test('of a running session say first what it does, then on what', () => {
    const head = {
      repository: 'fruit',
      branch: 'harvest/s',
      head: '0123456789abcdef'.repeat(3).slice(0, 40),
    };
    const checkpoint = {
      checkpointId: 'turn-p0',
      sessionId: 's',
      generation: 2,
      turnId: 'p0',
      at: now,
      carried: [],
      transcript: null,
      snapshot: null,
      costUsd: 0.1,
    };
    const running: Partial<SessionData> = {
      phase: { status: 'running', turnId: 'p1' },
      queue: [prompt('p1', 'make the\n  failing test pass'), prompt('p2', 'then lint')],
      generation: 2,
      sandbox: { sandboxId: 'sb-2', imageId: 'im-1', runtimeVersion: '1-sdk.0.0.0', endsAt: now },
      heads: [head, { ...head, repository: 'nuts', branch: null }],
      checkpoint,
      turns: 1,
      costUsd: 0.123_46,
    };
    expect(linesOf(running)).toEqual([
      '**running** turn `p1`',
      '',
      '> make the failing test pass',
      '',
      '- repository: `https://example.com/fruit.git` (main)',
      '- repository: `https://example.com/nuts` (dev)',
      '- user: Ada · turns ended: 1 · queued: 1 · cost: $0.1235',
      '- generation 2, sandbox `sb-2`',
      '- git: `fruit` harvest/s at `0123456789ab`',
      '- git: `nuts` detached at `0123456789ab`',
      '- last checkpoint: `turn-p0`',
      '',
      '\u00a0',
    ]);
  });

  test.each<{ phase: Phase; headline: string }>([
    { phase: { status: 'starting' }, headline: '**starting**' },
    { phase: { status: 'paused' }, headline: '**paused**' },
    { phase: { status: 'closed', reason: 'terminated' }, headline: '**closed**: terminated' },
    {
      phase: { status: 'closed', reason: 'start-failed', message: 'no such branch' },
      headline: '**closed**: start-failed (no such branch)',
    },
  ])('begin with $headline', ({ phase, headline }) => {
    expect(linesOf({ phase })[0]).toBe(headline);
  });

  test('count every prompt as queued while none runs', () => {
    const queue = [prompt('p1', 'one'), prompt('p2', 'two')];
    expect(linesOf({ phase: { status: 'paused' }, queue }).join('\n')).toContain('queued: 2');
  });

  test('of a session with nothing to do quote no prompt, and name no sandbox when there is none', () => {
    const lines = linesOf({ generation: 3 });
    expect(lines.filter((line) => line.startsWith('>'))).toEqual([]);
    expect(lines).toContain('- generation 3, no sandbox');
  });

  test('quote three hundred characters of a prompt at most', () => {
    const quoted = (length: number): string | undefined =>
      linesOf({ queue: [prompt('p1', 'x'.repeat(length))] }).find((line) => line.startsWith('> '));
    expect(quoted(300)).toBe(`> ${'x'.repeat(300)}`);
    expect(quoted(301)).toBe(`> ${'x'.repeat(299)}…`);
    // Never half of a character.
    expect(turnSummary('p1', `${'x'.repeat(98)}${'😀'.repeat(5)}`)).toBe(`turn p1: ${'x'.repeat(98)}…`);
  });
});

test('the summary of a turn is one line of its id and the beginning of its text', () => {
  expect(turnSummary('p1', ' make\tthe \n test pass ')).toBe('turn p1: make the test pass');
  expect(turnSummary('p1', 'x'.repeat(101))).toBe(`turn p1: ${'x'.repeat(99)}…`);
});
