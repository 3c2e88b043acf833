/**
 * Texts that stand where a user's text stands but were not written by the user: the CLI's reminders and interruption marks, and what
 * Harvest puts around a prompt (continuation, restored context).
 */
const noticeTags = ['system-reminder', 'task-notification', 'local-command-stdout', 'local-command-caveat'];
const taggedNotice = new RegExp(String.raw`<(${noticeTags.join('|')})(?:\s[^>]*)?>[\s\S]*?</\1>`, 'gi');

const notices = [
  /^\[Request interrupted by user[^\]]*\]$/,
  /^\[Tool use interrupted\]$/,
  /^\(no content\)$/,
  /^No response requested\.$/,
];

const continuation =
  /\b(continue|carry on|go on|resume)\b|\b(was|were|been) (interrupted|restarted|restored|continued)\b/i;

/** One line, before a prompt or instead of one. */
const harvestNotice = /^\[Harvest\] .*$/gm;

/** The text without such notices, and without the earlier messages that stand before a prompt whose conversation was lost. */
export function withoutNotices(text: string): string {
  const own = text.replaceAll(taggedNotice, '').replaceAll(harvestNotice, '');
  const enriched = /^\s*Previous conversation:[\s\S]*\n\s*User: ([\s\S]*)$/.exec(own);
  return (enriched?.[1] ?? own).trim();
}

/** Nothing that could be answered by itself. */
export function isNotice(text: string): boolean {
  return text === '' || notices.some((notice) => notice.test(text));
}

/** A text without a script of its own that asks to go on: the prompt before it is continued where its script stands. */
export function isContinuation(text: string): boolean {
  return continuation.test(text);
}
