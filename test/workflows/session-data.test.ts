import { describe, expect, test } from 'vitest';
import { bounds } from '../../src/contracts/bounds.ts';
import { jsonBytes } from '../../src/contracts/json-bytes.ts';
import type { SessionRequest } from '../../src/contracts/session-input.ts';
import { refuseExec, refusePrompt } from '../../src/workflows/admission.ts';
import { lostTurnsNotice, noteLostTurn } from '../../src/workflows/lost-turns.ts';
import { endedKept } from '../../src/workflows/remember.ts';
import {
  carriedOf,
  askForPause,
  askForSandbox,
  newQueuedPrompt,
  newSessionData,
  sessionDataSchema,
} from '../../src/workflows/session-data.ts';
import type { QueuedPrompt, SessionData } from '../../src/workflows/session-data.ts';

const now = '2026-01-01T00:00:00.000Z';
const request: SessionRequest = {
  sessionId: 's1',
  repositories: [{ url: 'http://127.0.0.1:1/demo.git' }],
  user: { name: 'Ada', email: 'ada@example.com' },
};

describe('what is carried to the next run (I9)', () => {
  test('is the same after its way through JSON', () => {
    const data = newSessionData(now);
    expect(sessionDataSchema.parse(JSON.parse(JSON.stringify(data)))).toEqual(data);
  });

  test('leaves out the oldest ended turns and execs when it is large, and nothing else', () => {
    const data = fullData();
    const carried = carriedOf(data, request);
    expect({ ...carried, endedTurns: data.endedTurns, endedExecs: data.endedExecs }).toEqual(data);
    expect(carried.endedTurns.length).toBeLessThan(endedKept);
    const left = data.endedTurns.length - carried.endedTurns.length;
    expect(carried.endedTurns).toEqual(data.endedTurns.slice(left));
    const small = { ...newSessionData(now), endedTurns: data.endedTurns.slice(0, 3) };
    expect(carriedOf(small, request)).toEqual(small);
  });

  test('leaves the more out the larger the request is that is given on beside it', () => {
    const data = fullData();
    const { repositories, sessionId, user } = request;
    const large: SessionRequest = {
      repositories,
      sessionId,
      user,
      options: { environment: fullEnvironment },
    };
    const budget = (asked: SessionRequest): number => carriedOf(data, asked).endedTurns.length;
    const small = { ...data, handled: [], handledExecs: [], queue: data.queue.slice(0, 1), pendingExecs: [] };
    expect(budget(large)).toBeLessThanOrEqual(budget(request));
    const whole = jsonBytes([large, carriedOf(small, large)]);
    expect(whole).toBeLessThanOrEqual(1024 * 1024);
    expect(carriedOf(small, large).endedTurns.length).toBeLessThan(
      carriedOf(small, request).endedTurns.length,
    );
  });

  test('of a build that did not count false starts begins the count', () => {
    const { falseStarts: _, ...prompt } = newQueuedPrompt({ id: 'p1', text: 'one' });
    const pending = { id: 'e1', argv: ['ls'], timeoutSeconds: 1 };
    const parsed = sessionDataSchema.parse({
      ...newSessionData(now),
      queue: [prompt],
      pendingExecs: [pending],
    });
    expect(parsed.queue[0]?.falseStarts).toBe(0);
    expect(parsed.pendingExecs[0]?.falseStarts).toBe(0);
  });

  test('is below the 2 MiB of Temporal when every bound is reached', () => {
    const full: SessionRequest = { ...request, options: { environment: fullEnvironment } };
    const carried = carriedOf(sessionDataSchema.parse(fullData()), full);
    expect(jsonBytes([full, carried])).toBeLessThan(2 * 1024 * 1024);
  });
});

const fullEnvironment = Object.fromEntries(
  Array.from({ length: 15 }, (_, index) => [`VARIABLE_${index}`, 'v'.repeat(8_192)]),
);

/** A session that takes nothing more, and remembers all it can. */
function fullData(): SessionData {
  const data = newSessionData(now);
  const counters = { restarts: 2, continuations: 2, falseStarts: 2 };
  // JSON writes six bytes for each.
  const text = '\u0001'.repeat(bounds.promptCharacters);
  const argv = ['\u0001'.repeat(bounds.execArgumentCharacters)];
  const idOf = (number: number): string => String(number).padStart(100, 'p');
  for (let number = 0; refusePrompt(data, { id: idOf(number), text }) === null; number += 1)
    data.queue.push({ ...newQueuedPrompt({ id: idOf(number), text }), ...counters });
  for (let number = 0; ; number += 1) {
    const exec = { id: idOf(number), argv, timeoutSeconds: 1 };
    if (refuseExec(data, exec) !== null) break;
    data.pendingExecs.push({ ...exec, falseStarts: 2 });
  }
  const ids = Array.from({ length: bounds.handledPromptIds }, (_, index) => idOf(index));
  const handled = ids.map((id) => ({ id, hash: 'h'.repeat(32) }));
  const answer = '\u0001'.repeat(bounds.answerTailBytes);
  const ended = ids.slice(0, endedKept);
  const [running, ...waiting] = data.queue;
  if (running === undefined) throw new TypeError('nothing waits');
  data.lostTurns.push(...lostTurnsOf(running));
  const options = { model: 'm'.repeat(200), maxTurns: 10_000, budgetUsd: 1_000_000 };
  const author = '\u0001'.repeat(200);
  // What is said within a turn counts as if it waited.
  running.steers = waiting.map(({ id, text: said }) => ({
    promptId: id,
    text: said,
    author,
    options,
    told: true,
  }));
  return {
    ...data,
    queue: [{ ...running, author, options, notice: lostTurnsNotice({ ...data, generation: 2 }) ?? '' }],
    stop: { turnId: running.id, reason: { kind: 'limit', message: '\u0001'.repeat(1_000) } },
    handled,
    handledExecs: handled,
    endedTurns: ended.map((turnId) => ({ turnId, outcome: { status: 'completed' }, answer, costUsd: 0.1 })),
    endedExecs: ended.map((execId) => ({
      execId,
      outcome: { status: 'exited', exitCode: 0 },
      output: answer,
    })),
  };
}

function lostTurnsOf(prompt: QueuedPrompt): SessionData['lostTurns'] {
  const data = newSessionData(now);
  for (let number = 0; number < 10; number += 1)
    noteLostTurn(data, { ...prompt, ranIn: 1 }, { status: 'interrupted' });
  return data.lostTurns;
}

describe('a pause', () => {
  test('takes back what asked for a sandbox before it', () => {
    const data = newSessionData(now);
    askForSandbox(data);
    askForPause(data, 'requested');
    expect(data.asked).toMatchObject({ pause: 'requested', resume: false });
  });

  test.each([
    { reason: 'idle', left: 'no' },
    { reason: 'requested', left: 'requested' },
  ] as const)(
    'asked for as "$reason" becomes "$left" when something then needs the sandbox',
    ({ reason, left }) => {
      const data = newSessionData(now);
      askForPause(data, reason);
      askForSandbox(data);
      expect(data.asked).toMatchObject({ pause: left, resume: true });
    },
  );
});
