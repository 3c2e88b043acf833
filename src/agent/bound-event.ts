/**
 * Cuts what is too large for the event log. Called after redaction, never before (I11): a secret that is cut in two is no
 * longer recognised.
 */
import { bounds } from '../contracts/bounds.ts';
import type { EventBody } from '../contracts/events.ts';
import { jsonBytes } from '../contracts/json-bytes.ts';

export type EventBounds = { eventBytes: number; toolOutputBytes: number };

const encoder = new TextEncoder();

/** The same event when it is small enough, otherwise one with its largest text cut and a note that says so. */
export function boundEvent(body: EventBody, limits: EventBounds = bounds): EventBody {
  const { eventBytes, toolOutputBytes } = limits;
  if (body.type === 'tool.finished') return boundToolOutput(body, toolOutputBytes);
  if (body.type === 'tool.started') {
    const { input, ...rest } = body.data;
    return { ...body, data: { ...rest, input: boundJson(input, eventBytes) } };
  }
  if (body.type === 'agent.message') {
    return { ...body, data: { ...body.data, message: boundJson(body.data.message, eventBytes) } };
  }
  if (body.type === 'agent.text') {
    return { ...body, data: { ...body.data, text: cutText(body.data.text, eventBytes) } };
  }
  return body;
}

type ToolFinished = Extract<EventBody, { type: 'tool.finished' }>;

/** `cut.bytes` is the length of the whole output; what stays ends at a whole character. */
function boundToolOutput(body: ToolFinished, limitBytes: number): ToolFinished {
  const bytes = utf8Bytes(body.data.output);
  if (bytes <= limitBytes) return body;
  return { ...body, data: { ...body.data, output: headOf(body.data.output, limitBytes), cut: { bytes } } };
}

/** `limitBytes` counts JSON's bytes, which are up to six for one of the text's. */
function cutText(text: string, limitBytes: number): string {
  if (bytesInJson(text) <= limitBytes) return text;
  let head = headOf(text, limitBytes);
  for (let bytes = bytesInJson(head); bytes > limitBytes; bytes = bytesInJson(head)) {
    head = headOf(head, Math.floor((utf8Bytes(head) * limitBytes) / bytes));
  }
  return `${head}\n[cut: ${utf8Bytes(text)} bytes in all]`;
}

/**
 * A large JSON value keeps its shape: every long text in it is cut to what fits. A value that is large without a long
 * text (very many small parts) is replaced by the beginning of its JSON.
 */
function boundJson(value: unknown, limitBytes: number): unknown {
  if (value === undefined || jsonBytes(value) <= limitBytes) return value;
  for (let textBytes = limitBytes / 2; textBytes >= 256; textBytes /= 4) {
    const smaller = cutStrings(value, Math.floor(textBytes));
    if (jsonBytes(smaller) <= limitBytes) return smaller;
  }
  const json = JSON.stringify(value);
  return { cut: { bytes: utf8Bytes(json) }, beginning: headOf(json, Math.floor(limitBytes / 4)) };
}

function cutStrings(value: unknown, textBytes: number): unknown {
  if (typeof value === 'string') return cutText(value, textBytes);
  if (Array.isArray(value)) return value.map((item) => cutStrings(item, textBytes));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cutStrings(item, textBytes)]));
}

function bytesInJson(text: string): number {
  return jsonBytes(text) - '""'.length;
}

function utf8Bytes(text: string): number {
  return encoder.encode(text).length;
}

/** The longest beginning of `text` with at most `limitBytes` bytes that does not end inside a character. */
function headOf(text: string, limitBytes: number): string {
  const { read } = encoder.encodeInto(text, new Uint8Array(limitBytes));
  return text.slice(0, read);
}
