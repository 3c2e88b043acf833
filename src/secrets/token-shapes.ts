/**
 * What a credential looks like when its value is not known. A plain git object id (40 or 64 hex digits) matches none
 * of these shapes.
 */
import {
  alphanumericChars,
  charClass,
  digitChars,
  runEnd,
  upperChars,
  type CharClass,
} from './char-class.ts';
import { beginsToken, word, type TokenShape, type Verdict } from './shape.ts';
import { jwt, privateKey, urlPassword } from './structured-shapes.ts';

const wordChars = charClass(`${alphanumericChars}_`);
const wordDashChars = charClass(`${alphanumericChars}_-`);
const wordDashDotChars = charClass(`${alphanumericChars}_-.`);
const plainChars = charClass(alphanumericChars);
const upperDigitChars = charClass(upperChars + digitChars);
const base64Chars = charClass(`${alphanumericChars}+/=`);
const credentialChars = charClass(`${alphanumericChars}._~+/=-`);
const separatorChars = charClass(' \t"\'`:=\\,>');
const spaceChars = charClass(' \t');

type Prefixed = {
  name: string;
  prefixes: string[];
  body: CharClass;
  minBody: number;
  /** Asked for where the prefix is so short that it occurs inside ordinary words. */
  atWordStart?: boolean;
};

function prefixed({ name, prefixes, body, minBody, atWordStart = false }: Prefixed): TokenShape {
  const match = (text: string, at: number): Verdict => {
    let answer: Verdict = 'no';
    for (const prefix of prefixes) {
      const found = word(text, at, prefix);
      if (found === 'no') continue;
      if (atWordStart && !beginsToken(text, at)) return 'no';
      if (found === 'more') {
        answer = 'more';
        continue;
      }
      const from = at + prefix.length;
      const end = runEnd(body, text, { from, limit: from + minBody });
      if (end === from + minBody) return { start: at, end, tail: { kind: 'run', chars: body } };
      if (end === text.length) answer = 'more';
    }
    return answer;
  };
  return { name, firstChars: prefixes.map((prefix) => prefix.charAt(0)).join(''), match };
}

type Step = { words: string[] } | { chars: CharClass; min: number; max: number };

type Announced = {
  name: string;
  /** What stands before the credential, in order; words in any case. */
  steps: [{ words: string[] }, ...Step[]];
  body: CharClass;
  minBody: number;
};

/** A credential of no shape of its own, recognized by the words before it; only the credential is replaced. */
function announced({ name, steps, body, minBody }: Announced): TokenShape {
  const match = (text: string, at: number): Verdict => {
    let from = at;
    for (const step of steps) {
      const next = takeStep(text, from, step);
      if (typeof next === 'string') return next;
      from = next;
    }
    const end = runEnd(body, text, { from, limit: from + minBody });
    if (end === from + minBody) return { start: from, end, tail: { kind: 'run', chars: body } };
    return end === text.length ? 'more' : 'no';
  };
  const firsts = steps[0].words.map((expected) => expected.charAt(0));
  return { name, firstChars: [...firsts, ...firsts.map((char) => char.toUpperCase())].join(''), match };
}

function takeStep(text: string, at: number, step: Step): number | 'more' | 'no' {
  if ('words' in step) {
    let undecided = false;
    for (const expected of step.words) {
      const found = word(text.slice(at, at + expected.length).toLowerCase(), 0, expected);
      if (found === 'yes') return at + expected.length;
      undecided ||= found === 'more';
    }
    return undecided ? 'more' : 'no';
  }
  const end = runEnd(step.chars, text, { from: at, limit: at + step.max });
  if (end === text.length && end - at < step.max) return 'more';
  return end - at >= step.min ? end : 'no';
}

const separator = { chars: separatorChars, min: 1, max: 12 };

/** Where two match at the same place, the earlier one names it: the most telling first. */
export const tokenShapes: readonly TokenShape[] = [
  prefixed({
    name: 'github-token',
    prefixes: ['ghp_', 'gho_', 'ghu_', 'ghr_', 'github_pat_'],
    body: wordChars,
    minBody: 20,
  }),
  // Installation tokens may carry a JWT behind their prefix.
  prefixed({ name: 'github-token', prefixes: ['ghs_'], body: wordDashDotChars, minBody: 20 }),
  prefixed({ name: 'anthropic-key', prefixes: ['sk-ant-'], body: wordDashChars, minBody: 20 }),
  prefixed({
    name: 'openai-key',
    prefixes: ['sk-proj-', 'sk-svcacct-', 'sk-admin-'],
    body: wordDashChars,
    minBody: 20,
  }),
  prefixed({ name: 'openai-key', prefixes: ['sk-'], body: plainChars, minBody: 20, atWordStart: true }),
  prefixed({
    name: 'slack-token',
    prefixes: ['xoxa-', 'xoxb-', 'xoxc-', 'xoxd-', 'xoxe-', 'xoxp-', 'xoxr-', 'xoxs-', 'xapp-'],
    body: charClass(`${alphanumericChars}-%`),
    minBody: 10,
  }),
  prefixed({ name: 'gitlab-token', prefixes: ['glpat-'], body: wordDashDotChars, minBody: 20 }),
  prefixed({ name: 'npm-token', prefixes: ['npm_'], body: plainChars, minBody: 36 }),
  prefixed({
    name: 'modal-token',
    prefixes: ['ak-', 'as-'],
    body: plainChars,
    minBody: 22,
    atWordStart: true,
  }),
  prefixed({
    name: 'aws-key-id',
    prefixes: ['AKIA', 'ASIA'],
    body: upperDigitChars,
    minBody: 16,
    atWordStart: true,
  }),
  jwt,
  announced({
    name: 'aws-secret-key',
    steps: [
      { words: ['aws_secret_access_key', 'secretaccesskey', 'secret_access_key', 'aws_secret_key'] },
      separator,
    ],
    body: base64Chars,
    minBody: 40,
  }),
  announced({
    name: 'authorization',
    steps: [
      { words: ['authorization'] },
      separator,
      { words: ['bearer', 'basic', 'token'] },
      { chars: spaceChars, min: 1, max: 4 },
    ],
    body: credentialChars,
    minBody: 4,
  }),
  announced({
    name: 'authorization',
    steps: [{ words: ['bearer'] }, { chars: spaceChars, min: 1, max: 4 }],
    body: credentialChars,
    minBody: 20,
  }),
  announced({
    name: 'api-key',
    steps: [{ words: ['x-api-key'] }, separator],
    body: credentialChars,
    minBody: 16,
  }),
  urlPassword,
  privateKey,
];
