/** Credentials with an inner structure: JSON web tokens, passwords in URLs, private keys. */
import { ALPHANUMERIC, charClass, DIGITS, has, runEnd, UPPER } from './char-class.ts';
import { beginsToken, word, type TokenShape, type Verdict } from './shape.ts';

const WORD_DASH = charClass(`${ALPHANUMERIC}_-`);
const WORD_DASH_DOT = charClass(`${ALPHANUMERIC}_-.`);

const JWT_START = 'eyJ';
const JWT_MIN_PART_CHARS = 8;
const JWT_MAX_HEADER_CHARS = 1024;

export const jwt: TokenShape = {
  name: 'jwt',
  firstChars: 'e',
  match(text, at) {
    const found = word(text, at, JWT_START);
    if (found === 'no' || !beginsToken(text, at)) return 'no';
    const from = at + JWT_START.length;
    const dot = runEnd(WORD_DASH, text, { from, limit: from + JWT_MAX_HEADER_CHARS });
    if (found === 'more' || dot === text.length) return 'more';
    if (dot - from < JWT_MIN_PART_CHARS || text[dot] !== '.') return 'no';
    const end = runEnd(WORD_DASH, text, { from: dot + 1, limit: dot + 1 + JWT_MIN_PART_CHARS });
    if (end === dot + 1 + JWT_MIN_PART_CHARS) {
      return { start: at, end, tail: { kind: 'run', chars: WORD_DASH_DOT } };
    }
    return end === text.length ? 'more' : 'no';
  },
};

const MAX_AUTHORITY_CHARS = 2048;
const MIN_BARE_USER_INFO_CHARS = 20;
const AUTHORITY_END = charClass('/?#\\ \t\r\n"\'`<>|');

/** `://user:password@`, and `://token@` when it is too long for a user's name. */
export const urlPassword: TokenShape = {
  name: 'url-password',
  firstChars: ':',
  match(text, at) {
    let undecided = false;
    for (const anchor of ['://', ':\\/\\/']) {
      const found = word(text, at, anchor);
      undecided ||= found === 'more';
      if (found === 'yes') return passwordOf(text, at + anchor.length);
    }
    return undecided ? 'more' : 'no';
  },
};

function passwordOf(text: string, from: number): Verdict {
  const limit = Math.min(text.length, from + MAX_AUTHORITY_CHARS);
  let colon = -1;
  let at = -1;
  let end = from;
  for (; end < limit && !has(AUTHORITY_END, text, end); end += 1) {
    const char = text[end];
    if (char === '@') at = end;
    if (char === ':' && colon < 0 && at < 0) colon = end;
  }
  if (end === text.length && end < from + MAX_AUTHORITY_CHARS) return 'more';
  if (at < 0) return 'no';
  const start = colon < 0 ? from : colon + 1;
  const minChars = colon < 0 ? MIN_BARE_USER_INFO_CHARS : 1;
  // What was redacted before keeps its marker, so that redacting twice is redacting once.
  const redactedBefore = text.startsWith('[redacted:', from) || text.startsWith('[redacted:', start);
  if (at - start < minChars || redactedBefore) return 'no';
  return { start, end: at };
}

/** Long enough for the largest RSA keys in use; a begin line in prose must not swallow the rest of a text. */
export const MAX_PRIVATE_KEY_CHARS = 32_768;
const MAX_LABEL_CHARS = 40;
const LABEL = charClass(`${UPPER}${DIGITS} `);
const DASHES = '-----';

/** A `-----BEGIN … PRIVATE KEY-----` or `-----END … PRIVATE KEY-----` line at `at`. */
export function privateKeyLine(text: string, at: number, opening: '-----BEGIN ' | '-----END '): Verdict {
  const found = word(text, at, opening);
  if (found !== 'yes') return found;
  const from = at + opening.length;
  const labelEnd = runEnd(LABEL, text, { from, limit: from + MAX_LABEL_CHARS });
  if (labelEnd === text.length) return 'more';
  if (!/PRIVATE KEY(?: BLOCK)?$/.test(text.slice(from, labelEnd))) return 'no';
  const closed = word(text, labelEnd, DASHES);
  return closed === 'yes' ? { start: at, end: labelEnd + DASHES.length } : closed;
}

export const privateKey: TokenShape = {
  name: 'private-key',
  firstChars: '-',
  match(text, at) {
    const line = privateKeyLine(text, at, '-----BEGIN ');
    return typeof line === 'string' ? line : { ...line, tail: { kind: 'private-key' } };
  },
};
