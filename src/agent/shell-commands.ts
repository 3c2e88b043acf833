/**
 * Which programs a command line of the agent would run, as far as it can be read without running it: what variables and
 * substitutions become is not known, aliases and scripts are not looked into. Good enough to explain, no boundary.
 */
import { posix } from 'node:path';
import {
  forEachChild,
  parse,
  type AndOr,
  type Command,
  type SyntaxNode,
  type Word,
  type WordPart,
} from 'unbash';

/** `isKnown` is false when the shell would still change it: then `text` is what stands there. */
export type ShellWord = { text: string; isKnown: boolean };

export type ShellCommand = {
  /** Without its folder. */
  program: string;
  args: readonly ShellWord[];
  /** What a here-document or here-string writes to it. */
  stdin: string | null;
  /** Where it runs; null when only the shell knows. */
  directory: string | null;
  /** What has succeeded when it runs: the commands that `&&` puts before it. */
  after: readonly ShellCommand[];
};

/** A script in a script in a script: deeper is not looked. */
const deepest = 4;

/** In the order they are written in, those of substitutions before the command they are part of. */
export function commandsIn(line: string, directory: string): ShellCommand[] {
  return read(line, { directory, after: [], depth: 0 });
}

type At = Pick<ShellCommand, 'directory' | 'after'> & { depth: number };

function read(line: string, at: At): ShellCommand[] {
  const script = parse(line);
  // Bash would run none of it, and what was made of it is a guess.
  if (script.errors !== undefined && script.errors.length > 0) return [];
  const commands: ShellCommand[] = [];
  let { directory, after } = at;
  const visit = (node: SyntaxNode): ShellCommand | null => {
    const before = directory;
    if (node.type === 'AndOr') visitChain(node);
    else forEachChild(node, (child) => void visit(child));
    // What a subshell changes, it changes for itself.
    if (ownShell.has(node.type)) directory = before;
    const command = node.type === 'Command' ? commandOf(node, { directory, after }) : null;
    if (command === null) return null;
    if (command.program === 'cd') directory = changed(directory, command.args);
    commands.push(command);
    const inner = at.depth < deepest ? scriptOf(command) : null;
    if (inner !== null) commands.push(...read(inner, { directory, after, depth: at.depth + 1 }));
    return command;
  };
  const visitChain = ({ commands: links, operators }: AndOr): void => {
    const outer = after;
    for (const [index, link] of links.entries()) {
      const isAlternative = operators[index - 1] === '||';
      // Of two that `||` joins, nobody knows which one succeeded.
      if (isAlternative) after = outer;
      const command = visit(link);
      if (command !== null && !isAlternative) after = [...after, command];
    }
    after = outer;
  };
  visit(script);
  return commands;
}

const ownShell: ReadonlySet<SyntaxNode['type']> = new Set([
  'Subshell',
  'CommandExpansion',
  'ProcessSubstitution',
]);

function commandOf(node: Command, at: Pick<At, 'directory' | 'after'>): ShellCommand | null {
  if (node.name === undefined) return null;
  const words = [node.name, ...node.args].map((word) =>
    word.type === 'Word' ? shellWord(word) : { text: word.text, isKnown: true },
  );
  const [program, ...args] = unwrapped(words);
  if (program?.isKnown !== true) return null;
  return { program: posix.basename(program.text), args, stdin: stdinOf(node), ...at };
}

function shellWord(word: Word): ShellWord {
  return { text: word.value, isKnown: (word.parts ?? []).every(isLiteral) };
}

function isLiteral(part: WordPart): boolean {
  if (part.type === 'DoubleQuoted') return part.parts.every(isLiteral);
  return part.type === 'Literal' || part.type === 'SingleQuoted' || part.type === 'AnsiCQuoted';
}

function stdinOf(node: Command): string | null {
  const input = node.redirects.findLast(({ type }) => type === 'HereDoc' || type === 'HereString');
  if (input?.type === 'HereDoc') return input.body.text;
  if (input?.type === 'HereString') return input.target?.value ?? null;
  return null;
}

/** Programs that run the one named behind their own options: which of these have a value, and how many words come first. */
const wrappers: Readonly<Record<string, { withValue: RegExp; words: number }>> = {
  command: { withValue: /^$/, words: 0 },
  builtin: { withValue: /^$/, words: 0 },
  exec: { withValue: /^-a$/, words: 0 },
  env: { withValue: /^-[uCS]$/, words: 0 },
  nice: { withValue: /^-n$/, words: 0 },
  nohup: { withValue: /^$/, words: 0 },
  setsid: { withValue: /^$/, words: 0 },
  stdbuf: { withValue: /^-[ioe]$/, words: 0 },
  sudo: { withValue: /^-[ugDhpCT]$/, words: 0 },
  time: { withValue: /^-[fo]$/, words: 0 },
  timeout: { withValue: /^-[sk]$/, words: 1 },
  xargs: { withValue: /^-[nPILdEas]$/, words: 0 },
};

function unwrapped(words: readonly ShellWord[]): readonly ShellWord[] {
  const program = posix.basename(words[0]?.text ?? '');
  const wrapper = Object.hasOwn(wrappers, program) ? wrappers[program] : undefined;
  if (wrapper === undefined || words[0]?.isKnown !== true) return words;
  let at = 1;
  for (let word = words[at]; word !== undefined && /^-|^\w+=/.test(word.text); word = words[at]) {
    at += wrapper.withValue.test(word.text) ? 2 : 1;
  }
  return unwrapped(words.slice(at + wrapper.words));
}

const shells: ReadonlySet<string> = new Set(['sh', 'bash', 'dash']);

/** What a shell is given to run: with `-c`, on its standard input, or as the words of `eval`. */
function scriptOf({ program, args, stdin }: ShellCommand): string | null {
  if (program === 'eval') return args.map(({ text }) => text).join(' ');
  if (!shells.has(program)) return null;
  const flag = args.findIndex(({ text }) => /^-[a-z]*c$/.test(text));
  if (flag !== -1) return args[flag + 1]?.text ?? null;
  return args.every(({ text }) => text.startsWith('-')) ? stdin : null;
}

function changed(directory: string | null, args: readonly ShellWord[]): string | null {
  const target = args.find(({ text }) => text !== '--' && !/^-[LPe]+$/.test(text));
  // Home, or where it was before.
  if (target === undefined || target.text === '-') return null;
  return resolved(directory, target);
}

/** Null when only the shell knows. */
export function resolved(directory: string | null, target: ShellWord): string | null {
  if (!target.isKnown || target.text.startsWith('~')) return null;
  if (posix.isAbsolute(target.text)) return posix.resolve(target.text);
  return directory === null ? null : posix.resolve(directory, target.text);
}
