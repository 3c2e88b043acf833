/**
 * What it means to be a token shape. Each shape decides by looking ahead a bounded number of characters, and its answer
 * never changes when more text follows: that is what lets the same shapes judge a whole text and a text that arrives
 * in pieces.
 */
import { alphanumericChars, charClass, has, type CharClass } from './char-class.ts';

/** A credential at `start`; it is at least as long as `end` and goes on as `tail` says. */
export type Hit = {
  start: number;
  end: number;
  tail?: Tail;
};

/** All following characters of a class, or everything up to the end line of a private key. */
export type Tail = { kind: 'run'; chars: CharClass } | { kind: 'private-key' };

/** `more`: not decided before more text is seen. */
export type Verdict = Hit | 'more' | 'no';

export type TokenShape = {
  /** Named in the marker that replaces the credential. */
  name: string;
  /** Every character a credential (or the words that announce it) can begin with. */
  firstChars: string;
  match(text: string, at: number): Verdict;
};

const wordDashChars = charClass(`${alphanumericChars}_-`);

/** How far back `beginsToken` looks; a streaming caller keeps this many characters that already left. */
export const lookBehindChars = 24;

/**
 * Whether a token can begin here: not in the middle of a word. Escapes (`\n`, `%20`, a terminal colour) end in letters
 * or digits but are no part of the word that follows them.
 */
export function beginsToken(text: string, at: number): boolean {
  if (at === 0 || !has(wordDashChars, text, at - 1)) return true;
  const before = text.slice(Math.max(0, at - lookBehindChars), at);
  return /(?:\\[nrtbf]|\\u[0-9a-fA-F]{4}|%[0-9a-fA-F]{2}|\[[0-9;]{0,16}m)$/.test(before);
}

/** Whether exactly these characters stand at `at`. */
export function word(text: string, at: number, expected: string): Verdict | 'yes' {
  if (text.startsWith(expected, at)) return 'yes';
  return text.length - at < expected.length && expected.startsWith(text.slice(at)) ? 'more' : 'no';
}
