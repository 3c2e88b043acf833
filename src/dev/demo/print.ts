/** What the demo shows: steps with the time since the start, and a session's events as they come. */
import type { SessionEvent } from '../../contracts/events.ts';

export type Printer = {
  /** A step of the story begins. */
  step(title: string): void;
  line(text: string): void;
  event(event: SessionEvent): void;
};

/** JSON lines: steps and events, for programs. */
export function jsonPrinter(write: (text: string) => void): Printer {
  const put = (value: unknown): void => write(`${JSON.stringify(value)}\n`);
  return {
    step: (title) => put({ kind: 'step', title }),
    line: (text) => put({ kind: 'line', text }),
    event: (event) => put({ kind: 'event', event }),
  };
}

/** For people. `color` only when the output is a terminal. */
export function textPrinter(options: {
  write: (text: string) => void;
  color: boolean;
  startedAt: number;
}): Printer {
  const { write, color, startedAt } = options;
  let streaming = false;
  const style = (code: number, text: string): string => (color ? `\u001B[${code}m${text}\u001B[0m` : text);
  const stamp = (): string =>
    style(2, `${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6)}s `);
  const endStream = (): void => {
    if (streaming) write('\n');
    streaming = false;
  };
  const line = (text: string): void => {
    endStream();
    for (const each of text.split('\n')) write(`${stamp()}${each}\n`);
  };
  return {
    line,
    step: (title) => {
      endStream();
      write(`\n${stamp()}${style(1, title)}\n`);
    },
    event: (event) => {
      if (event.type === 'agent.text.delta') {
        if (!streaming) write(`${stamp()}${style(36, 'agent   ')}`);
        streaming = true;
        write(event.data.text.replaceAll('\n', `\n${' '.repeat(16)}`));
        return;
      }
      const text = describe(event, style);
      if (text !== null) line(text);
    },
  };
}

type Style = (code: number, text: string) => string;

/** One event as one or a few lines; null for what the terminal need not show. */
function describe(event: SessionEvent, style: Style): string | null {
  const label = (name: string): string => style(2, name.padEnd(8));
  switch (event.type) {
    case 'sandbox.creating':
      return `${label('modal')}creating sandbox ${event.data.name} from the ${event.data.image} image`;
    case 'sandbox.ready':
      return `${label('modal')}sandbox ${event.data.sandboxId} in ${event.data.createMs} ms, supervisor in ${event.data.supervisorMs} ms`;
    case 'repository.ready':
      return `${label('git')}${event.data.repository} on ${event.data.branch ?? 'no branch'} at ${event.data.head.slice(0, 8)} (${event.data.from}, ${Math.round(event.data.durationMs)} ms)`;
    case 'repository.restored':
      return `${label('git')}${event.data.repository} restored: ${event.data.uncommittedFiles} uncommitted files, ${event.data.unpushedCommits} unpushed commits`;
    case 'tool.started':
      return `${style(33, 'tool    ')}${event.data.name} ${shorten(describeInput(event.data.input), 120)}`;
    case 'tool.finished':
      return indent(
        shorten(event.data.output.trimEnd(), 600),
        event.data.isError ? (text) => style(31, text) : (text) => style(2, text),
      );
    case 'git.pushed':
      return `${label('git')}pushed ${event.data.repository} ${event.data.ref} ${event.data.before.slice(0, 8)}..${event.data.after.slice(0, 8)}`;
    case 'git.push-refused':
      return `${label('git')}push refused: ${event.data.reason}`;
    case 'turn.completed':
    case 'turn.interrupted':
    case 'turn.failed':
      return `${style(32, 'turn    ')}${event.turnId ?? ''} ${event.type.slice(5)} in ${(event.data.durationMs / 1_000).toFixed(1)} s, $${event.data.costUsd.toFixed(4)}`;
    case 'turn.continued':
    case 'turn.restarted':
      return `${style(33, 'turn    ')}${event.turnId ?? ''} ${event.type.slice(5)}: ${event.data.cause}`;
    case 'snapshot.taken':
      return `${label('modal')}snapshot ${event.data.imageId} in ${event.data.durationMs} ms`;
    case 'session.paused':
    case 'session.resuming':
      return `${label('session')}${event.type.slice(8)}`;
    case 'session.rewound':
      return `${label('session')}rewound to ${event.data.checkpointId}`;
    case 'session.forked':
      return `${label('session')}forked from ${event.data.fromSessionId} at ${event.data.checkpointId}`;
    case 'session.closed':
      return `${label('session')}closed: ${event.data.reason}`;
    case 'warning':
      return `${style(33, 'warning ')}${event.data.message}`;
    default:
      return null;
  }
}

function describeInput(input: unknown): string {
  if (typeof input === 'object' && input !== null) {
    if ('command' in input && typeof input.command === 'string') return input.command;
    if ('file_path' in input && typeof input.file_path === 'string') return input.file_path;
  }
  return JSON.stringify(input) ?? '';
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)} …`;
}

function indent(text: string, style: (line: string) => string): string | null {
  if (text === '') return null;
  return text
    .split('\n')
    .slice(0, 12)
    .map((each) => `        ${style(each)}`)
    .join('\n');
}
