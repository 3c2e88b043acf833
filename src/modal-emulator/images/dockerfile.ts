/**
 * The Dockerfile commands Local Modal builds: FROM, RUN, ENV, WORKDIR, SHELL, LABEL and EXPOSE. Every other one is refused: COPY and ADD have
 * no build context here, USER, ENTRYPOINT and CMD would change what a sandbox runs in a way that is not honoured.
 */
import * as z from 'zod';
import { invalid, unsupported } from '../rpc/rpc-error.ts';
import { splitAssignments, splitWords } from './words.ts';

export type Instruction =
  | { kind: 'from'; text: string; reference: string }
  | { kind: 'run'; text: string; command: { script: string } | { argv: string[] } }
  | { kind: 'env' | 'label' | 'workdir' | 'expose'; text: string }
  | { kind: 'shell'; text: string; argv: string[] };

const argvSchema = z.array(z.string()).min(1);

/** Each element may hold several lines; a command may span elements with a trailing backslash, as lines of a Dockerfile do. */
export function parseDockerfile(commands: readonly string[]): Instruction[] {
  const lines = commands.join('\n').split('\n');
  const instructions: Instruction[] = [];
  while (lines.length > 0) {
    const command = takeCommand(lines);
    if (command !== '') instructions.push(parseCommand(command, lines));
  }
  return instructions;
}

/** Joins continued lines; comments and blank lines between them are dropped, as Docker does. */
function takeCommand(lines: string[]): string {
  let command = '';
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    if (/^\s*(#.*)?$/.test(line)) {
      if (command === '') return '';
      continue;
    }
    const continued = /\\\s*$/.test(line);
    command += continued ? line.replace(/\\\s*$/, '') : line;
    if (!continued) break;
  }
  return command.trim();
}

function parseCommand(command: string, following: string[]): Instruction {
  const [, keyword = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(command) ?? [];
  const text = rest.trim();
  if (text === '') throw invalid(`Dockerfile command without arguments: ${command}`);
  switch (keyword.toUpperCase()) {
    case 'FROM':
      return { kind: 'from', text, reference: parseFrom(text) };
    case 'RUN':
      return parseRun(text, following);
    case 'ENV':
      splitAssignments(text, () => '');
      return { kind: 'env', text };
    case 'LABEL':
      splitAssignments(text, () => '');
      return { kind: 'label', text };
    case 'WORKDIR':
      if (splitWords(text, () => '').length !== 1) throw invalid(`WORKDIR takes one path: ${text}`);
      return { kind: 'workdir', text };
    case 'EXPOSE':
      return { kind: 'expose', text };
    case 'SHELL':
      return { kind: 'shell', text, argv: parseShell(text) };
    default:
      throw unsupported(`the Dockerfile command ${keyword.toUpperCase()} (${firstLine(command)})`);
  }
}

function parseFrom(text: string): string {
  if (/\s|^--/.test(text)) throw unsupported(`FROM with flags or a stage name: FROM ${text}`);
  return text;
}

function parseRun(text: string, following: string[]): Instruction {
  if (text.startsWith('--')) throw unsupported(`RUN with flags: RUN ${firstLine(text)}`);
  const argv = text.startsWith('[') ? asJsonArgv(text) : undefined;
  if (argv !== undefined) return { kind: 'run', text, command: { argv } };
  const delimiter = /(?<![<\w])<<-?\s*(?:(["'])([A-Za-z_]\w*)\1|([A-Za-z_]\w*))/.exec(text);
  const word = delimiter?.[2] ?? delimiter?.[3];
  if (delimiter === null || word === undefined) return { kind: 'run', text, command: { script: text } };
  const body = takeHeredoc(following, word);
  const whole = `${text}\n${body}${word}`;
  // "RUN <<EOF" alone is a script of its own; otherwise the shell reads the here-document itself.
  return { kind: 'run', text: whole, command: { script: delimiter[0] === text ? body : `${whole}\n` } };
}

function takeHeredoc(lines: string[], delimiter: string): string {
  let body = '';
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    if (line.trim() === delimiter) return body;
    body += `${line}\n`;
  }
  throw invalid(`the here-document ${delimiter} has no end`);
}

function parseShell(text: string): string[] {
  const argv = asJsonArgv(text);
  if (argv === undefined) throw invalid(`SHELL takes a JSON array of strings: ${text}`);
  return argv;
}

/** Undefined for anything else, which RUN then gives to the shell, as Docker does. */
function asJsonArgv(text: string): string[] | undefined {
  try {
    return argvSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
