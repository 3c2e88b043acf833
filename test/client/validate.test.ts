import { expect, test } from 'vitest';
import { z } from 'zod';
import { InvalidRequest } from '../../src/client/errors.ts';
import { check, checkSessionId, checkTurnId } from '../../src/client/validate.ts';

const schema = z.strictObject({
  id: z.string(),
  list: z.array(z.object({ url: z.string().max(5, 'a URL has at most 5 characters') })).default([]),
});

/** The error that a value gets. */
function errorOf(value: unknown): InvalidRequest {
  try {
    check('Request', schema, value);
  } catch (error) {
    if (error instanceof InvalidRequest) return error;
  }
  throw new TypeError('it was not refused');
}

test('a valid value comes back with its defaults', () => {
  expect(check('Request', schema, { id: 'a' })).toEqual({ id: 'a', list: [] });
});

test.each([
  {
    value: { id: 'a', list: [{ url: 'ok' }, { url: 'hunter2-too-long' }] },
    field: 'list[1].url',
    sentence: 'Request, list[1].url: a URL has at most 5 characters.',
  },
  {
    value: { id: 1 },
    field: 'id',
    sentence: 'Request, id: Invalid input: expected string, received number.',
  },
  { value: { id: 'a', more: 1 }, field: '', sentence: 'Request: Unrecognized key: "more".' },
  { value: null, field: '', sentence: 'Request: Invalid input: expected object, received null.' },
])('what is wrong is told in one sentence: $sentence', ({ value, field, sentence }) => {
  expect(errorOf(value)).toMatchObject({ field, message: sentence });
});

test('an id of the wrong form is named as what it is', () => {
  expect(() => checkSessionId('A')).toThrow('Session id: a session id is 1 to 40 characters of');
  expect(() => checkTurnId('a b')).toThrow('Prompt id: an id is 1 to 100 characters of');
  expect([checkSessionId('a'), checkTurnId('A.b')]).toEqual(['a', 'A.b']);
});
