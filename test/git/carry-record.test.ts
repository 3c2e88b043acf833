import { describe, expect, test } from 'vitest';
import { messageOf, recordIn } from '../../src/git/carry-record.ts';
import type { CarryRecord } from '../../src/git/carry-record.ts';

const record: CarryRecord = {
  version: 1,
  head: 'a'.repeat(40),
  branch: 'harvest/one',
  branches: [{ name: 'harvest/one', head: 'a'.repeat(40) }],
  intentToAdd: [],
  stashes: [],
};

/** As `git cat-file commit` prints it. */
const commitWith = (message: string): string =>
  `tree ${'b'.repeat(40)}\nparent ${'c'.repeat(40)}\nauthor Ada <a@b> 1 +0000\ncommitter Ada <a@b> 1 +0000\n\n${message}`;

describe('the record of carried work', () => {
  test.each<{ what: string; changes: Partial<CarryRecord> }>([
    { what: 'an ordinary one', changes: {} },
    { what: 'a detached head', changes: { branch: null } },
    { what: 'a branch without a commit', changes: { head: null, branches: [] } },
    { what: 'a stash of several lines', changes: { stashes: [{ commit: 'd', message: 'one\n\ntwo' }] } },
    {
      what: 'names in every script and of any bytes',
      changes: { intentToAdd: ['Ü', '文', '😀', '\u00ff\u0080', '\u0000\u007f', '"\\'] },
    },
  ])('comes back from the message that holds it: $what', ({ changes }) => {
    const whole = { ...record, ...changes };
    expect(recordIn(commitWith(messageOf(whole)))).toEqual(whole);
  });

  test('is plain ASCII, which git changes under no setting', () => {
    const message = messageOf({ ...record, intentToAdd: ['Ü', '文', '😀', '\u007f'] });
    expect(message).toMatch(/^[\n -~]+$/);
    expect(message.split('\n')[0]).toBe('Work carried by Harvest');
  });

  test.each([
    { what: 'a commit of somebody else', message: 'Begin\n' },
    { what: 'JSON that is no record', message: 'Work carried by Harvest\n\n{}\n' },
    {
      what: 'a record of a later version',
      message: messageOf(record).replace('"version":1', '"version":2'),
    },
  ])('is not found in $what', ({ message }) => {
    expect(() => recordIn(commitWith(message))).toThrow();
  });
});
