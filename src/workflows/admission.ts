/** Whether a message is taken: pure, synchronous (validators must be), with a sentence for every refusal. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type * as z from 'zod';
import { bounds } from '../contracts/bounds.ts';
import { failureTypes } from '../contracts/failures.ts';
import type { FailureType } from '../contracts/failures.ts';
import { jsonBytes } from '../contracts/json-bytes.ts';
import type { ExecRequest, Prompt } from '../contracts/messages.ts';
import { begunTurn } from './decisions.ts';
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
  // What was said within a turn waits, too: it may become a turn of its own.
  const texts = data.queue.flatMap(({ text, steers }) => [text, ...steers.map((said) => said.text)]);
  if (texts.length >= bounds.queuedPrompts) {
    return refuse(
      `the queue is full (${bounds.queuedPrompts} prompts): wait for a turn to end, or interrupt one`,
    );
  }
  const bytes = jsonBytes([...texts, prompt.text]);
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

/** Of a prompt that waits; one that was cancelled is no refusal. */
export function refuseCancel(data: SessionData, promptId: string): Refusal | null {
  const running = begunTurn(data);
  if (running?.id === promptId) return refuse(`turn "${promptId}" has begun: interrupt it instead`);
  if (running?.steers.some((said) => said.promptId === promptId) === true)
    return refuse(`prompt "${promptId}" steers turn "${running.id}": interrupt that turn instead`);
  if (data.queue.some((queued) => queued.id === promptId)) return null;
  const ended = data.endedTurns.find((turn) => turn.turnId === promptId);
  if (ended?.outcome.status === 'cancelled') return null;
  if (ended !== undefined)
    return refuse(`prompt "${promptId}" has ended (${ended.outcome.status}): nothing is left to cancel`);
  return refuse(`no prompt "${promptId}" waits: only a queued prompt can be cancelled`);
}

/** What would be lost, or would come between, has to end first. */
export function refuseRewind(
  data: SessionData,
  { checkpointId, runningExecs }: { checkpointId: string; runningExecs: number },
): Refusal | null {
  const closed = refuseClosed(data);
  if (closed !== null) return closed;
  const { rewind } = data.asked;
  if (rewind !== null && rewind !== checkpointId)
    return refuse(`a rewind to "${rewind}" is under way: wait for its end`);
  const running = begunTurn(data);
  if (running !== null)
    return refuse(`turn "${running.id}" is running: interrupt it, or wait for its end, before a rewind`);
  if (data.queue.length > 0)
    return refuse('prompts are queued: cancel them, or wait for their turns, before a rewind');
  if (runningExecs + data.pendingExecs.length > 0)
    return refuse('a command is running: wait for its end before a rewind');
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
