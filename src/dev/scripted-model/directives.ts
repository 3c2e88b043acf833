/**
 * The directive language: a prompt whose text has lines starting with `!` is its own script, so a test in another process needs no script
 * in the model server. Each such line is one step, played in this order; all other lines are ignored. `\n` and `\t` in what is said or
 * written are a line feed and a tab; a path with spaces is put in double quotes.
 *
 *   !say TEXT                     streams the text word by word
 *   !slow-say DELAY_MS TEXT       the same, resting between the words
 *   !think TEXT                   a thinking block
 *   !stream COUNT [DELAY_MS]      COUNT small text deltas: "1 2 3 …"
 *   !bash COMMAND                 tool call Bash
 *   !sleep-bash SECONDS           Bash that sleeps, in one-second steps
 *   !read PATH                    tool call Read
 *   !write PATH CONTENT           tool call Write
 *   !edit PATH OLD => NEW         tool call Edit (the CLI wants the file read before)
 *   !tool NAME JSON               any tool call, also of an MCP server
 *   !say-result                   says the newest tool result of the conversation
 *   !recall REGEX                 says the newest match in what the user said; directive lines do not count
 *   !wait DELAY_MS                rests
 *   !fail STATUS [TIMES]          answers 429, 500 or 529, TIMES times (1)
 *   !hang [TIMES]                 accepts the request and never answers; every time without TIMES
 *   !cut [TIMES]                  cuts the connection in mid-stream, TIMES times (1)
 *
 * A tool call ends an answer; what follows it belongs to the next one. Failures therefore stand before what they hinder:
 * `!fail` first in an answer is an HTTP status, behind an output it is an `error` event in the stream. How counted failures are counted:
 * failure-counts.ts.
 */
import * as z from 'zod';
import { invalidRequest } from './api-error.ts';
import { bash, callTool, recall, say, type Step } from './steps.ts';

const line = /^\s*!([a-z][a-z-]*)(?:[ \t]+(.*?))?[ \t]*$/;

/** Undefined when the text holds no directive. Throws ApiError 400 that names a line it does not understand. */
export function parseDirectives(promptText: string): Step[] | undefined {
  const steps = promptText.split('\n').flatMap((text) => {
    const match = line.exec(text);
    if (match?.[1] === undefined) return [];
    return [parseDirective(match[1], match[2] ?? '')];
  });
  return steps.length === 0 ? undefined : steps;
}

function parseDirective(name: string, rest: string): Step {
  const parse = directives[name];
  if (parse === undefined) throw invalidRequest(`scripted model: unknown directive !${name}`);
  try {
    return parse(rest);
  } catch (error) {
    throw invalidRequest(`scripted model: !${name} ${rest}: ${error instanceof Error ? error.message : ''}`);
  }
}

const count = z.coerce.number().int().nonnegative();
const times = z.coerce.number().int().positive();
const failureStatus = z.coerce.number().pipe(z.union([z.literal(429), z.literal(500), z.literal(529)]));
const toolInput = z.record(z.string(), z.unknown());

const directives: Record<string, (rest: string) => Step> = {
  say: (rest) => say(unescape(required(rest))),
  'slow-say': (rest) => {
    const [delayMs, text] = split(rest);
    return say(unescape(required(text)), count.parse(delayMs));
  },
  think: (rest) => ({ kind: 'think', text: unescape(required(rest)) }),
  stream: (rest) => {
    const [deltas, delayMs] = split(rest);
    const rests = delayMs === '' ? {} : { delayMs: count.parse(delayMs) };
    return { kind: 'stream', count: times.parse(deltas), ...rests };
  },
  bash: (rest) => bash(required(rest)),
  'sleep-bash': (rest) => {
    const seconds = count.parse(required(rest));
    return bash(`for i in $(seq ${seconds}); do sleep 1; done; echo slept ${seconds} s`, seconds + 60);
  },
  read: (rest) => callTool('Read', { file_path: splitPath(rest)[0] }),
  write: (rest) => {
    const [path, content] = splitPath(rest);
    return callTool('Write', { file_path: path, content: unescape(content) });
  },
  edit: (rest) => {
    const [path, change] = splitPath(rest);
    const [oldText, newText] = change.split(/ =>(?: |$)/);
    return callTool('Edit', {
      file_path: path,
      old_string: unescape(required(oldText)),
      new_string: unescape(newText ?? ''),
    });
  },
  tool: (rest) => {
    const [name, json] = split(rest);
    return callTool(required(name), toolInput.parse(JSON.parse(json === '' ? '{}' : json)));
  },
  'say-result': () => say(({ lastToolResult }) => lastToolResult?.text || 'There is no tool result.'),
  recall: (rest) => recall(new RegExp(required(rest))),
  wait: (rest) => ({ kind: 'wait', delayMs: count.parse(required(rest)) }),
  fail: (rest) => {
    const [status, often] = split(rest);
    return { kind: 'fail', status: failureStatus.parse(status), times: times.parse(often || 1) };
  },
  hang: (rest) => ({ kind: 'hang', ...(rest === '' ? {} : { times: times.parse(rest) }) }),
  cut: (rest) => ({ kind: 'cut', times: times.parse(rest || 1) }),
};

function required(text: string | undefined): string {
  if (text === undefined || text === '') throw new Error('something is missing behind it');
  return text;
}

/** The first word and all that follows it. */
function split(rest: string): [first: string, others: string] {
  const match = /^(\S*)\s*([\s\S]*)$/.exec(rest);
  return [match?.[1] ?? '', match?.[2] ?? ''];
}

function splitPath(rest: string): [path: string, others: string] {
  const quoted = /^"([^"]+)"\s*([\s\S]*)$/.exec(rest);
  const [path, others] = quoted === null ? split(rest) : [quoted[1], quoted[2] ?? ''];
  return [required(path), others];
}

function unescape(text: string): string {
  return text.replaceAll('\\n', '\n').replaceAll('\\t', '\t');
}
