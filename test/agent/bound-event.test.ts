import { describe, expect, test } from 'vitest';
import { boundEvent } from '../../src/agent/bound-event.ts';
import type { EventBody } from '../../src/contracts/events.ts';

const limits = { eventBytes: 2_000, toolOutputBytes: 1_000 };
const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

describe('events that are small enough stay as they are', () => {
  test.each<EventBody>([
    { type: 'tool.finished', data: { toolUseId: 't', isError: false, output: 'x'.repeat(1_000) } },
    { type: 'tool.started', data: { toolUseId: 't', name: 'Bash', input: undefined } },
    { type: 'agent.message', data: { kind: 'k', message: { a: 'x'.repeat(1_900) } } },
    { type: 'warning', data: { message: 'x'.repeat(5_000) } },
  ])('$type', (body) => {
    expect(boundEvent(body, limits)).toEqual(body);
  });
});

describe('events that are too large', () => {
  test('tool output is cut at a whole character, and its length told', () => {
    const body: EventBody = {
      type: 'tool.finished',
      data: { toolUseId: 't', isError: true, output: '€'.repeat(500) },
    };
    expect(boundEvent(body, limits)).toEqual({
      type: 'tool.finished',
      data: { toolUseId: 't', isError: true, output: '€'.repeat(333), cut: { bytes: 1_500 } },
    });
  });

  test('an emoji is not cut in two', () => {
    const body: EventBody = {
      type: 'tool.finished',
      data: { toolUseId: 't', isError: true, output: '😀'.repeat(300) },
    };
    const cut = boundEvent(body, { ...limits, toolOutputBytes: 1_002 });
    expect(cut.data).toMatchObject({ output: '😀'.repeat(250) });
  });

  test('a long text inside a tool’s input is cut, the rest of the input stays', () => {
    const input = { file_path: '/a', content: 'x'.repeat(10_000), nested: [{ deep: 'y'.repeat(300) }] };
    const body = boundEvent({ type: 'tool.started', data: { toolUseId: 't', name: 'Write', input } }, limits);
    expect(body.data).toMatchObject({
      input: { file_path: '/a', content: expect.stringMatching(/^x+\n\[cut: 10000 bytes in all\]$/) },
    });
    expect(bytesOf(body.data)).toBeLessThan(limits.eventBytes + 100);
  });

  test('a message of very many small parts is told by its beginning', () => {
    const message = Array.from({ length: 2_000 }, (_, at) => ({ at }));
    const body = boundEvent({ type: 'agent.message', data: { kind: 'k', message } }, limits);
    expect(body.data).toMatchObject({
      message: { cut: { bytes: bytesOf(message) }, beginning: expect.stringMatching(/^\[\{"at":0\}/) },
    });
    expect(bytesOf(body.data)).toBeLessThan(limits.eventBytes + 100);
  });

  test('a message full of quotes, which JSON doubles, stays within the bound', () => {
    const message = { a: '"'.repeat(3_000), b: '\u0001'.repeat(3_000) };
    const body = boundEvent({ type: 'agent.message', data: { kind: 'k', message } }, limits);
    expect(bytesOf(body.data)).toBeLessThan(limits.eventBytes + 100);
  });

  test('text that JSON makes longer is cut to what the bound is of', () => {
    const text = '\u0001'.repeat(3_000);
    const body = boundEvent({ type: 'agent.text', data: { messageId: 'm', text } }, limits);
    expect(bytesOf(body.data)).toBeLessThan(limits.eventBytes + 100);
    expect(body.data).toMatchObject({ text: expect.stringMatching(/\n\[cut: 3000 bytes in all\]$/) });
  });

  test('text says that it was cut', () => {
    const body = boundEvent(
      { type: 'agent.text', data: { messageId: 'm', text: 'x'.repeat(3_000) } },
      limits,
    );
    expect(body.data).toMatchObject({ text: `${'x'.repeat(2_000)}\n[cut: 3000 bytes in all]` });
  });
});
