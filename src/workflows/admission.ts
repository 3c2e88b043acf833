/** Whether a message is taken: pure, synchronous (validators must be), with a sentence for every refusal. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type * as z from 'zod';
import { bounds } from '../contracts/bounds.ts';
import { failureTypes } from '../contracts/failures.ts';
import type { FailureType } from '../contracts/failures.ts';
import { jsonBytes } from '../contracts/json-bytes.ts';
import type { ExecRequest, Prompt } from '../contracts/messages.ts';
import type { SessionData } from './session-data.ts';

/** Why a message is not taken; null where it is, or was: the same message again gets the same answer, and nothing else. */
export type Refusal = { type: FailureType; sentence: string };

/** Half a SHA-256: it only has to tell texts apart. */
export function textHash(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text))).slice(0, 32);
}

export function refusePrompt(data: SessionData, prompt: Prompt): Refusal | null {
  const known = data.handled.find((handled) => handled.id === prompt.id);
  if (known !== undefined) {
    if (known.hash === textHash(prompt.text)) return null;
    return refuse(`prompt id "${prompt.id}" was used with another text: give a new prompt a new id`);
  }
  const closed = refuseClosed(data);
  if (closed !== null) return closed;
  if (data.queue.length >= bounds.queuedPrompts) {
    return refuse(
      `the queue is full (${bounds.queuedPrompts} prompts): wait for a turn to end, or interrupt one`,
    );
  }
  const bytes = jsonBytes([...data.queue, prompt].map(({ text }) => text));
  if (bytes > bounds.queuedPromptBytes) {
    return refuse(
      `the queued prompts together exceed ${bounds.queuedPromptBytes / 1024} KiB: wait for a turn to end`,
    );
  }
  return null;
}

export function refuseExec(data: SessionData, exec: ExecRequest): Refusal | null {
  const known = data.handledExecs.find((handled) => handled.id === exec.id);
  if (known !== undefined) {
    if (known.hash === execHash(exec)) return null;
    return refuse(`exec id "${exec.id}" was used with another command: give a new command a new id`);
  }
  const closed = refuseClosed(data);
  if (closed !== null) return closed;
  if (data.pendingExecs.length >= bounds.queuedExecs) {
    return refuse(`${bounds.queuedExecs} commands wait already: wait for one to end`);
  }
  if (jsonBytes([...data.pendingExecs, exec].map(({ argv }) => argv)) > bounds.queuedExecBytes) {
    return refuse(
      `the waiting commands together exceed ${bounds.queuedExecBytes / 1024} KiB: wait for one to end`,
    );
  }
  return null;
}

export function execHash(exec: ExecRequest): string {
  return textHash(JSON.stringify([exec.argv, exec.cwd ?? null, exec.timeoutSeconds]));
}

/** Of a session that is closed or closes. */
export function refuseClosed(data: SessionData): Refusal | null {
  const { status } = data.phase;
  if (status !== 'terminating' && status !== 'closed' && data.asked.close === 'no') return null;
  return {
    type: failureTypes.sessionClosed,
    sentence: 'the session is closed: start a new one',
  };
}

export function refuse(sentence: string): Refusal {
  return { type: failureTypes.rejected, sentence };
}

/** The first problem of a payload as one sentence that names the field. */
export function describeProblem(what: string, error: z.ZodError): string {
  const issue = error.issues[0];
  const path = issue === undefined ? '' : issue.path.join('.');
  return `${what}${path === '' ? '' : `.${path}`}: ${issue?.message ?? 'invalid'}`;
}
