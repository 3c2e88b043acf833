/** Credentials with an inner structure: JSON web tokens, passwords in URLs, private keys. */
import { alphanumericChars, charClass, digitChars, has, runEnd, upperChars } from './char-class.ts';
import { beginsToken, word, type TokenShape, type Verdict } from './shape.ts';

const wordDashChars = charClass(`${alphanumericChars}_-`);
const wordDashDotChars = charClass(`${alphanumericChars}_-.`);

const jwtStart = 'eyJ';
const jwtMinPartChars = 8;
const jwtMaxHeaderChars = 1024;

export const jwt: TokenShape = {
  name: 'jwt',
  firstChars: 'e',
  match(text, at) {
    const found = word(text, at, jwtStart);
    if (found === 'no' || !beginsToken(text, at)) return 'no';
    const from = at + jwtStart.length;
    const dot = runEnd(wordDashChars, text, { from, limit: from + jwtMaxHeaderChars });
    if (found === 'more' || dot === text.length) return 'more';
    if (dot - from < jwtMinPartChars || text[dot] !== '.') return 'no';
    const end = runEnd(wordDashChars, text, { from: dot + 1, limit: dot + 1 + jwtMinPartChars });
    if (end === dot + 1 + jwtMinPartChars) {
      return { start: at, end, tail: { kind: 'run', chars: wordDashDotChars } };
    }
    return end === text.length ? 'more' : 'no';
  },
};

const maxAuthorityChars = 2048;
const minBareUserInfoChars = 20;
const authorityEnd = charClass('/?#\\ \t\r\n"\'`<>|');

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
  const limit = Math.min(text.length, from + maxAuthorityChars);
  let colon = -1;
  let at = -1;
  let end = from;
  for (; end < limit && !has(authorityEnd, text, end); end += 1) {
    const char = text[end];
    if (char === '@') at = end;
    if (char === ':' && colon < 0 && at < 0) colon = end;
  }
  if (end === text.length && end < from + maxAuthorityChars) return 'more';
  if (at < 0) return 'no';
  const start = colon < 0 ? from : colon + 1;
  const minChars = colon < 0 ? minBareUserInfoChars : 1;
  // What was redacted before keeps its marker, so that redacting twice is redacting once.
  const redactedBefore = text.startsWith('[redacted:', from) || text.startsWith('[redacted:', start);
  if (at - start < minChars || redactedBefore) return 'no';
  return { start, end: at };
}

/** Long enough for the largest RSA keys in use; a begin line in prose must not swallow the rest of a text. */
export const maxPrivateKeyChars = 32_768;
const maxLabelChars = 40;
const labelChars = charClass(`${upperChars}${digitChars} `);
const fiveDashes = '-----';

/** A `-----BEGIN … PRIVATE KEY-----` or `-----END … PRIVATE KEY-----` line at `at`. */
export function privateKeyLine(text: string, at: number, opening: '-----BEGIN ' | '-----END '): Verdict {
  const found = word(text, at, opening);
  if (found !== 'yes') return found;
  const from = at + opening.length;
  const labelEnd = runEnd(labelChars, text, { from, limit: from + maxLabelChars });
  if (labelEnd === text.length) return 'more';
  if (!/PRIVATE KEY(?: BLOCK)?$/.test(text.slice(from, labelEnd))) return 'no';
  const closed = word(text, labelEnd, fiveDashes);
  return closed === 'yes' ? { start: at, end: labelEnd + fiveDashes.length } : closed;
}

export const privateKey: TokenShape = {
  name: 'private-key',
  firstChars: '-',
  match(text, at) {
    const line = privateKeyLine(text, at, '-----BEGIN ');
    return typeof line === 'string' ? line : { ...line, tail: { kind: 'private-key' } };
  },
};
