import { expect, test } from 'vitest';
import { continuationNotice, enrichWithRecentMessages } from '../../src/agent/notices.ts';

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
