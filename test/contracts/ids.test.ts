import { describe, expect, test } from 'vitest';
import {
  branchOf,
  execEndEventId,
  promptIdSchema,
  sandboxNameOf,
  sessionIdSchema,
  turnCheckpointId,
  turnEndEventId,
  workflowIdOf,
} from '../../src/contracts/ids.ts';

/** The sentence of the refusal, or null. */
function refusalOf(schema: typeof sessionIdSchema, value: unknown): string | null {
  return schema.safeParse(value).error?.issues[0]?.message ?? null;
}

describe('a session id', () => {
  test.each(['a', '0', '-', 'fix-the-tests-2', 'x'.repeat(40)])('may be %j', (id) => {
    expect(refusalOf(sessionIdSchema, id)).toBeNull();
  });

  test.each(['', 'x'.repeat(41), 'Upper', 'a_b', 'a.b', 'a b', 'a/b', 'ä', 'a\n', '\na'])(
    'may not be %j',
    (id) => {
      expect(refusalOf(sessionIdSchema, id)).toBe('a session id is 1 to 40 characters of a-z, 0-9 and "-"');
    },
  );
});

describe('a prompt id', () => {
  test.each(['a', 'A.b_c-9', 'x'.repeat(100)])('may be %j', (id) => {
    expect(refusalOf(promptIdSchema, id)).toBeNull();
  });

  test.each(['', 'x'.repeat(101), 'a b', 'a/b', 'a:b', 'é', 'a\n'])('may not be %j', (id) => {
    expect(refusalOf(promptIdSchema, id)).toBe(
      'an id is 1 to 100 characters of A-Z, a-z, 0-9, ".", "_" and "-"',
    );
  });
});

test('what is derived from an id is the same every time (I5, I7)', () => {
  expect({
    workflow: workflowIdOf('one'),
    sandbox: sandboxNameOf('one', 2),
    branch: branchOf('one'),
    turnEnd: turnEndEventId('p'),
    execEnd: execEndEventId('p'),
    checkpoint: turnCheckpointId('p'),
  }).toEqual({
    workflow: 'session-one',
    sandbox: 'one-g2',
    branch: 'harvest/one',
    turnEnd: 'turn-end:p',
    execEnd: 'exec-end:p',
    checkpoint: 'turn-p',
  });
});

test('the longest session id still makes a name that a sandbox may have', () => {
  expect(sandboxNameOf('x'.repeat(40), Number.MAX_SAFE_INTEGER)).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
});
