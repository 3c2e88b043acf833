import { describe, expect, test } from 'vitest';
import { bounds } from '../../src/contracts/bounds.ts';
import { promptSchema } from '../../src/contracts/messages.ts';
import {
  refuseExec,
  refusePrompt,
  describeProblem,
  execHash,
  textHash,
} from '../../src/workflows/admission.ts';
import { newQueuedPrompt, newSessionData } from '../../src/workflows/session-data.ts';
import type { SessionData } from '../../src/workflows/session-data.ts';

function open(changes: Partial<SessionData> = {}): SessionData {
  return { ...newSessionData('2026-01-01T00:00:00.000Z'), phase: { status: 'idle' }, ...changes };
}

function queue(count: number, text = 'x'): SessionData['queue'] {
  return Array.from({ length: count }, (_, index) => newQueuedPrompt({ id: `q${index}`, text }));
}

describe('a prompt', () => {
  test('is taken once and known afterwards', () => {
    expect(refusePrompt(open(), { id: 'p', text: 'a' })).toBeNull();
    const handled = [{ id: 'p', hash: textHash('a') }];
    expect(refusePrompt(open({ handled }), { id: 'p', text: 'a' })).toBeNull();
  });

  test('is known also when the session has closed meanwhile', () => {
    const handled = [{ id: 'p', hash: textHash('a') }];
    const closed = open({ handled, phase: { status: 'closed', reason: 'terminated' } });
    expect(refusePrompt(closed, { id: 'p', text: 'a' })).toBeNull();
  });

  test('is refused under a known id with another text', () => {
    const handled = [{ id: 'p', hash: textHash('a') }];
    expect(refusePrompt(open({ handled }), { id: 'p', text: 'b' })).toMatchObject({
      sentence: expect.stringContaining('another text'),
    });
  });

  test('is refused when twenty wait', () => {
    expect(refusePrompt(open({ queue: queue(19) }), { id: 'p', text: 'a' })).toBeNull();
    expect(refusePrompt(open({ queue: queue(20) }), { id: 'p', text: 'a' })).toMatchObject({
      sentence: expect.stringContaining('20 prompts'),
    });
  });

  test('is refused when the queue would exceed 512 KiB of JSON', () => {
    const long = 'é'.repeat(32_000);
    expect(refusePrompt(open({ queue: queue(8, long) }), { id: 'p', text: long })).toMatchObject({
      sentence: expect.stringContaining('512 KiB'),
    });
    const wide = '\u0001'.repeat(32_000);
    expect(refusePrompt(open({ queue: queue(2, wide) }), { id: 'p', text: wide })).not.toBeNull();
  });

  test('is refused by a closed session', () => {
    const closed = open({ phase: { status: 'closed', reason: 'terminated' } });
    expect(refusePrompt(closed, { id: 'p', text: 'a' })).toMatchObject({
      sentence: expect.stringContaining('closed'),
    });
  });

  test('is invalid when it is empty or too long, with a sentence that names the field', () => {
    const problem = (text: string): string => {
      const parsed = promptSchema.safeParse({ id: 'p', text });
      return parsed.success ? 'valid' : describeProblem('prompt', parsed.error);
    };
    expect(problem(' \n')).toBe('prompt.text: a prompt is not empty');
    expect(problem('x'.repeat(bounds.promptCharacters))).toBe('valid');
    expect(problem('x'.repeat(bounds.promptCharacters + 1))).toBe(
      'prompt.text: a prompt has at most 64000 characters',
    );
  });
});

test('an exec id is known with the same command only', () => {
  const exec = { id: 'e', argv: ['ls'], timeoutSeconds: 1 };
  const handledExecs = [{ id: 'e', hash: execHash(exec) }];
  expect(refuseExec(open({ handledExecs }), exec)).toBeNull();
  expect(refuseExec(open({ handledExecs }), { ...exec, argv: ['rm'] })).toMatchObject({ type: 'Rejected' });
});
