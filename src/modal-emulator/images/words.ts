/** Words, quotes and variables in the arguments of Dockerfile commands. */
import { invalid } from '../rpc/rpc-error.ts';

type Lookup = (name: string) => string | undefined;

/** Splits at blanks outside of quotes and puts the values of $NAME, ${NAME}, ${NAME:-word} and ${NAME:+word} in. */
export function splitWords(text: string, lookup: Lookup): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: '"' | "'" | undefined;
  for (let index = 0; index < text.length;) {
    const character = text.charAt(index);
    if (quote === undefined && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      index += 1;
    } else if (character === quote) {
      quote = undefined;
      index += 1;
    } else if (quote === undefined && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
      index += 1;
    } else {
      const part = quote === "'" ? { value: character, length: 1 } : takePart(text, index, lookup);
      word = (word ?? '') + part.value;
      index += part.length;
    }
  }
  if (quote !== undefined) throw invalid(`a quote is not closed: ${text}`);
  if (word !== undefined) words.push(word);
  return words;
}

/** NAME=value pairs, or the old form "NAME the rest of the line". */
export function splitAssignments(text: string, lookup: Lookup): Record<string, string> {
  const old = /^([A-Za-z_]\w*)\s+([\s\S]*)$/.exec(text);
  if (old?.[1] !== undefined && old[2] !== undefined) {
    return { [old[1]]: splitWords(old[2], lookup).join(' ') };
  }
  const entries = splitWords(text, lookup).map((word) => {
    const at = word.indexOf('=');
    if (at < 1) throw invalid(`expected NAME=value, got ${word}`);
    return [word.slice(0, at), word.slice(at + 1)];
  });
  return Object.fromEntries(entries);
}

/** An escaped character, a variable, or one plain character. */
function takePart(text: string, index: number, lookup: Lookup): { value: string; length: number } {
  const rest = text.slice(index);
  const escaped = /^\\([\s\S])/.exec(rest);
  if (escaped?.[1] !== undefined) return { value: escaped[1], length: 2 };
  const plain = /^\$([A-Za-z_]\w*)/.exec(rest);
  if (plain?.[1] !== undefined) return { value: lookup(plain[1]) ?? '', length: plain[0].length };
  const braced = /^\$\{([A-Za-z_]\w*)(?::([-+])([^}]*))?\}/.exec(rest);
  if (braced?.[1] !== undefined) {
    const [whole, name, operator, word = ''] = braced;
    const value = lookup(name) ?? '';
    const chosen =
      operator === '-' && value === '' ? word : operator === '+' ? (value === '' ? '' : word) : value;
    return { value: chosen, length: whole.length };
  }
  if (rest.startsWith('${'))
    throw invalid(`this form of variable is not supported: ${rest.split('}', 1)[0]}}`);
  return { value: text.charAt(index), length: 1 };
}
