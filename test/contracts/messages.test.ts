import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { bounds } from '../../src/contracts/bounds.ts';
import {
  execSchema,
  interruptSchema,
  pauseSchema,
  promptSchema,
  terminateSchema,
} from '../../src/contracts/messages.ts';
import { describeProblem } from '../../src/workflows/admission.ts';

function refusalOf(what: string, schema: z.ZodType, value: unknown): string | null {
  const { error } = schema.safeParse(value);
  return error === undefined ? null : describeProblem(what, error);
}

describe('a prompt', () => {
  test.each([
    { id: 'p', text: 'x' },
    { id: 'p', text: ' x ', author: 'Ada' },
    { id: 'p', text: '/clear' },
    { id: 'p', text: 'x'.repeat(bounds.promptCharacters) },
  ])('is taken as it is', (prompt) => {
    expect(promptSchema.parse(prompt)).toEqual(prompt);
  });

  test.each([
    { prompt: { id: 'p', text: '' }, sentence: 'prompt.text: a prompt is not empty' },
    { prompt: { id: 'p', text: ' \n\t' }, sentence: 'prompt.text: a prompt is not empty' },
    {
      prompt: { id: 'p', text: 'x'.repeat(bounds.promptCharacters + 1) },
      sentence: 'prompt.text: a prompt has at most 64000 characters',
    },
    {
      prompt: { id: 'a b', text: 'x' },
      sentence: 'prompt.id: an id is 1 to 100 characters of A-Z, a-z, 0-9, ".", "_" and "-"',
    },
    { prompt: { text: 'x' }, sentence: 'prompt.id: Invalid input: expected string, received undefined' },
    { prompt: { id: 'p', text: 'x', model: 'm' }, sentence: 'prompt: Unrecognized key: "model"' },
    { prompt: 'x', sentence: 'prompt: Invalid input: expected object, received string' },
    { prompt: undefined, sentence: 'prompt: Invalid input: expected object, received undefined' },
  ])('is refused: $sentence', ({ prompt, sentence }) => {
    expect(refusalOf('prompt', promptSchema, prompt)).toBe(sentence);
  });
});

describe('an exec', () => {
  test('has ten minutes unless it says otherwise', () => {
    expect(execSchema.parse({ id: 'e', argv: ['ls'] })).toEqual({
      id: 'e',
      argv: ['ls'],
      timeoutSeconds: 600,
    });
  });

  test.each([
    { more: { argv: [] }, sentence: 'exec.argv: argv names at least the program' },
    {
      more: { argv: ['x'.repeat(bounds.execArgumentCharacters), 'x'] },
      sentence: 'exec.argv: argv has at most 16384 characters',
    },
    { more: { argv: 'ls' }, sentence: 'exec.argv: Invalid input: expected array, received string' },
    {
      more: { timeoutSeconds: 0 },
      sentence: 'exec.timeoutSeconds: Too small: expected number to be >=1',
    },
    {
      more: { timeoutSeconds: 86_401 },
      sentence: 'exec.timeoutSeconds: Too big: expected number to be <=86400',
    },
    { more: { cwd: '' }, sentence: 'exec.cwd: Too small: expected string to have >=1 characters' },
  ])('is refused: $sentence', ({ more, sentence }) => {
    expect(refusalOf('exec', execSchema, { id: 'e', argv: ['ls'], ...more })).toBe(sentence);
  });
});

test.each([
  { what: 'interrupt', schema: interruptSchema, value: { turnId: 'p' } },
  { what: 'pause', schema: pauseSchema, value: { interrupt: true } },
  { what: 'terminate', schema: terminateSchema, value: { discard: true } },
])(
  '$what works without an argument of its own, and refuses one that nobody knows',
  ({ what, schema, value }) => {
    expect(schema.parse({})).toEqual({});
    expect(schema.parse(value)).toEqual(value);
    expect(refusalOf(what, schema, { now: true })).toBe(`${what}: Unrecognized key: "now"`);
  },
);
