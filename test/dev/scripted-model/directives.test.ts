import { expect, test } from 'vitest';
import { parseDirectives } from '../../../src/dev/scripted-model/directives.ts';

test('a text without directives is no script', () => {
  expect(parseDirectives('Fix it!\nNow! say it\n![image](x.png)\n! nor here\n!')).toBeUndefined();
});

test('directives are the lines that start with an exclamation mark, in their order', () => {
  expect(parseDirectives('First\n!say a b\n  !wait 5\nlast\n!fail 529 2\n!hang\n!hang 3\n!cut\n')).toEqual([
    { kind: 'say', text: 'a b' },
    { kind: 'wait', delayMs: 5 },
    { kind: 'fail', status: 529, times: 2 },
    { kind: 'hang' },
    { kind: 'hang', times: 3 },
    { kind: 'cut', times: 1 },
  ]);
});

test.for([
  ['!read "a b.txt"', 'Read', { file_path: 'a b.txt' }],
  ['!write /tmp/x one\\n\\ttwo', 'Write', { file_path: '/tmp/x', content: 'one\n\ttwo' }],
  ['!write empty', 'Write', { file_path: 'empty', content: '' }],
  ['!edit x a b => c d', 'Edit', { file_path: 'x', old_string: 'a b', new_string: 'c d' }],
  ['!edit x gone =>', 'Edit', { file_path: 'x', old_string: 'gone', new_string: '' }],
  ['!tool mcp__server__do {"a": [1]}', 'mcp__server__do', { a: [1] }],
  ['!tool mcp__server__do', 'mcp__server__do', {}],
  ['!bash echo "a  b" | cat', 'Bash', { command: 'echo "a  b" | cat', description: 'Run a command' }],
] as const)('%s is a tool call', ([line, name, input]) => {
  expect(parseDirectives(line)).toEqual([{ kind: 'callTool', name, input }]);
});

test.for([
  '!say',
  '!stream',
  '!stream many',
  '!stream 0',
  '!wait soon',
  '!fail',
  '!fail 404',
  '!fail 529 0',
  '!hang -1',
  '!edit',
  '!edit x',
  '!tool X {',
  '!tool X [1]',
  '!recall (',
  '!unheard-of',
])('%s is refused and named', (line) => {
  expect(() => parseDirectives(`!say fine\n${line}`)).toThrow(line.split(' ')[0]);
});
