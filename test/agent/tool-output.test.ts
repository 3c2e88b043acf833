import { expect, test } from 'vitest';
import { toolOutputText } from '../../src/agent/tool-output.ts';

const image = {
  type: 'image',
  source: { type: 'base64', media_type: 'image/png', data: 'aGFydmVzdA==' },
} as const;

test.each([
  { what: 'nothing', content: undefined, text: '' },
  { what: 'a text', content: 'one\ntwo', text: 'one\ntwo' },
  { what: 'an empty list', content: [], text: '' },
  {
    what: 'several texts',
    content: [
      { type: 'text' as const, text: 'one' },
      { type: 'text' as const, text: 'two' },
    ],
    text: 'one\ntwo',
  },
  {
    what: 'a text and an image',
    content: [{ type: 'text' as const, text: 'see' }, image],
    text: 'see\n[image]',
  },
])('of $what the agent saw $text', ({ content, text }) => {
  expect(toolOutputText(content)).toBe(text);
});
