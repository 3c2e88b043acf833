/** Reading a call of git: its own options, then the command and what that is given. */
import { resolved, type ShellCommand, type ShellWord } from './shell-commands.ts';

export type GitCommand = {
  name: string;
  args: readonly ShellWord[];
  /** Of `-c`, as `key=value`. */
  settings: readonly string[];
  /** Null when only the shell knows. */
  directory: string | null;
  stdin: string | null;
};

const withValue = /^(-C|-c|--git-dir|--work-tree|--namespace|--exec-path|--super-prefix|--config-env)$/;

/** Null when the command is not git, or not known. */
export function gitCommandOf(command: ShellCommand): GitCommand | null {
  if (command.program !== 'git') return null;
  const { args, stdin } = command;
  const settings: string[] = [];
  let { directory } = command;
  let at = 0;
  for (let word = args[at]; word?.text.startsWith('-') === true; word = args[at]) {
    const value = args[at + 1];
    if (word.text === '-C' && value !== undefined) directory = resolved(directory, value);
    if (word.text === '-c' && value !== undefined) settings.push(value.text);
    // It works somewhere else than where it runs.
    if (/^--(git-dir|work-tree)/.test(word.text)) directory = null;
    at += withValue.test(word.text) ? 2 : 1;
  }
  const name = args[at];
  if (name?.isKnown !== true) return null;
  return { name: name.text, args: args.slice(at + 1), settings, directory, stdin };
}

export type Options = {
  /** Each option once, without its value: `--force`, `-f`. A group of letters is one option each. */
  names: ReadonlySet<string>;
  /** What `valued` options were given, in order. */
  values: readonly { name: string; value: ShellWord }[];
  /** What is no option. */
  words: readonly ShellWord[];
};

/** `valued`: options that take the next word as their value (letters that stand for one, too). */
export function readOptions(args: readonly ShellWord[], valued: ReadonlySet<string>): Options {
  const names = new Set<string>();
  const values: { name: string; value: ShellWord }[] = [];
  const words: ShellWord[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? { text: '', isKnown: false };
    if (word.text === '--') {
      words.push(...args.slice(at + 1));
      break;
    }
    if (!/^-./.test(word.text)) {
      words.push(word);
      continue;
    }
    const { given, last, attached } = optionsIn(word, valued);
    for (const name of given) names.add(name);
    if (!valued.has(last)) continue;
    if (attached === null) at += 1;
    const value = attached === null ? args[at] : { text: attached, isKnown: word.isKnown };
    if (value !== undefined) values.push({ name: last, value });
  }
  return { names, values, words };
}

function optionsIn(
  { text }: ShellWord,
  valued: ReadonlySet<string>,
): { given: string[]; last: string; attached: string | null } {
  if (text.startsWith('--')) {
    const equals = text.indexOf('=');
    const name = equals === -1 ? text : text.slice(0, equals);
    return { given: [name], last: name, attached: equals === -1 ? null : text.slice(equals + 1) };
  }
  const letters = text
    .slice(1)
    .split('')
    .map((letter) => `-${letter}`);
  const end = letters.findIndex((name) => valued.has(name));
  const given = end === -1 ? letters : letters.slice(0, end + 1);
  const rest = end === -1 ? '' : text.slice(end + 2);
  return { given, last: given.at(-1) ?? '', attached: rest === '' ? null : rest };
}
