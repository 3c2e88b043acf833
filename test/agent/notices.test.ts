import { expect, test } from 'vitest';
import { continuationNotice, enrichWithRecentMessages, restoreNotice } from '../../src/agent/notices.ts';

test('a prompt without earlier messages stays as it is', () => {
  expect(enrichWithRecentMessages('Fix it', [])).toBe('Fix it');
});

test('earlier messages go before the prompt, oldest first', () => {
  const messages = Array.from({ length: 3 }, (_, at) => ({
    role: at % 2 === 0 ? ('user' as const) : ('assistant' as const),
    text: `message ${at}`,
  }));
  const lines = enrichWithRecentMessages('Fix it', messages).split('\n');
  expect(lines).toHaveLength(7);
  expect(lines.slice(0, 2)).toEqual(['Previous conversation:', 'user: message 0']);
  expect(lines.slice(-4)).toEqual(['user: message 2', '', 'User: Fix it', '']);
});

test('the notice of a continuation says what happened and what to do', () => {
  expect(continuationNotice({ cause: 'agent-died', count: 1 })).toMatch(
    /^\[Harvest\] .*the agent process ended unexpectedly\. .*go on where you were/,
  );
  expect(continuationNotice({ cause: 'silent', count: 2 })).toContain('(2 times by now)');
});

test('a turn that moved to another sandbox is told so, and nothing of being cut off', () => {
  const notice = continuationNotice({ cause: 'rollover', count: 2 });
  expect(notice).toMatch(/^\[Harvest\] .*the end of its life.*go on where you were/);
  expect(notice).not.toContain('times by now');
});

test('what a restore could not bring back is a line each, and nothing when it brought everything', () => {
  expect(restoreNotice({ notRestored: [], conversation: null })).toBe('');
  const lines = restoreNotice({ notRestored: ['One.', 'Two\nlines.'], conversation: 'nothing' }).split('\n');
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(line).toMatch(/^\[Harvest\] /);
});
