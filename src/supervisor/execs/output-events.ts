/**
 * The output of one exec as events: redacted over the borders of what arrives, joined for some milliseconds, in pieces that
 * the event log takes, and its end for the answer. Output that nobody could read is not an event each.
 */
import { bounds } from '../../contracts/bounds.ts';
import { textTail } from '../../contracts/text-tail.ts';
import type { Recorder } from '../recorder.ts';
import type { RedactionStream } from '../../secrets/redaction.ts';

type Stream = 'stdout' | 'stderr';

const joinMs = 20;
/** JSON makes at most six bytes of a character (`\u0001`). */
const pieceCharacters = Math.floor(bounds.eventBytes / 6);

export class OutputEvents {
  readonly #recorder: Recorder;
  readonly #execId: string;
  readonly #redactions: Record<Stream, RedactionStream>;
  #waiting: { stream: Stream; text: string } | null = null;
  #timer: NodeJS.Timeout | null = null;
  #tail = '';
  readonly #tails: Record<Stream, string> = { stdout: '', stderr: '' };

  constructor(recorder: Recorder, execId: string) {
    this.#recorder = recorder;
    this.#execId = execId;
    this.#redactions = { stdout: recorder.redactor.stream(), stderr: recorder.redactor.stream() };
  }

  add(stream: Stream, text: string): void {
    this.#put(stream, this.#redactions[stream].push(text));
  }

  /** Nothing more comes. */
  end(): void {
    this.#put('stdout', this.#redactions.stdout.flush());
    this.#put('stderr', this.#redactions.stderr.flush());
    this.#flush();
  }

  /** The last part of both streams together, redacted before it was cut (I11). */
  get tail(): string {
    return textTail(this.#tail, bounds.answerTailBytes);
  }

  /** The same of one of them. */
  tailOf(stream: Stream): string {
    return textTail(this.#tails[stream], bounds.answerTailBytes);
  }

  #put(stream: Stream, text: string): void {
    if (text === '') return;
    this.#tail = (this.#tail + text).slice(-bounds.answerTailBytes);
    this.#tails[stream] = (this.#tails[stream] + text).slice(-bounds.answerTailBytes);
    if (this.#waiting !== null && this.#waiting.stream !== stream) this.#flush();
    this.#waiting = { stream, text: (this.#waiting?.text ?? '') + text };
    if (this.#waiting.text.length >= pieceCharacters) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), joinMs);
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) return;
    for (const text of piecesOf(waiting.text)) {
      this.#recorder.event({
        type: 'exec.output',
        data: { execId: this.#execId, stream: waiting.stream, text },
      });
    }
  }
}

function* piecesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + pieceCharacters, text.length);
    // A surrogate pair stays together.
    if (end < text.length && /[\ud800-\udbff]/.test(text.charAt(end - 1))) end -= 1;
    yield text.slice(start, end);
    start = end;
  }
}
