/** The session's updates, signal and queries. Handlers only record: the main loop acts (I1). */
import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import type * as z from 'zod';
import { failureTypes } from '../contracts/failures.ts';
import {
  execSchema,
  interruptSchema,
  pauseSchema,
  promptSchema,
  terminateSchema,
} from '../contracts/messages.ts';
import type {
  Accepted,
  ExecAccepted,
  ExecRequest,
  InterruptAccepted,
  InterruptRequest,
  PauseRequest,
  TerminateRequest,
  Prompt,
  PromptAccepted,
} from '../contracts/messages.ts';
import * as messages from '../contracts/session-messages.ts';
import {
  refuseExec,
  refusePrompt,
  refuseClosed,
  describeProblem,
  execHash,
  refuse,
  textHash,
} from './admission.ts';
import type { Refusal } from './admission.ts';
import type { SessionRun } from './session-run.ts';
import { execView, stateView, turnView } from './views.ts';
import { remember } from './remember.ts';
import { askForPause, askForSandbox } from './session-data.ts';

const accepted: Accepted = { accepted: true };

export function bindMessages(run: SessionRun): void {
  bindPrompt(run);
  setHandler(messages.execUpdate, (payload) => recordExec(run, parse('exec', execSchema, payload)), {
    validator: (payload) => insist(refuseExec(run.data, parse('exec', execSchema, payload))),
  });
  setHandler(
    messages.interruptUpdate,
    (payload: InterruptRequest = {}) => recordInterrupt(run, payload.turnId),
    {
      validator: (payload: InterruptRequest = {}) => {
        parse('interrupt', interruptSchema, payload);
        insist(refuseClosed(run.data));
      },
    },
  );
  setHandler(
    messages.pauseUpdate,
    (payload: PauseRequest = {}) => recordPause(run, payload.interrupt === true),
    {
      validator: (payload: PauseRequest = {}) => {
        parse('pause', pauseSchema, payload);
        insist(refuseClosed(run.data));
      },
    },
  );
  setHandler(messages.resumeUpdate, () => recordResume(run), {
    validator: () => insist(refuseClosed(run.data)),
  });
  setHandler(messages.checkpointUpdate, () => recordCheckpoint(run), {
    validator: () => insist(refuseClosed(run.data)),
  });
  setHandler(
    messages.terminateUpdate,
    (payload: TerminateRequest = {}) => recordTerminate(run, payload.discard === true),
    {
      validator: (payload: TerminateRequest = {}) => void parse('terminate', terminateSchema, payload),
    },
  );
  setHandler(messages.stateQuery, () => stateView(run.input, run.data));
  setHandler(messages.turnQuery, (turnId) => turnView(run.data, turnId));
  setHandler(messages.execQuery, (execId) => execView(run.data, run.runningExecs, execId));
}

function bindPrompt(run: SessionRun): void {
  setHandler(messages.promptUpdate, (payload) => recordPrompt(run, parse('prompt', promptSchema, payload)), {
    validator: (payload) => insist(refusePrompt(run.data, parse('prompt', promptSchema, payload))),
  });
  // Nobody waits for a signal's answer: a refusal becomes an event.
  setHandler(messages.promptSignal, (payload: unknown) => {
    const parsed = promptSchema.safeParse(payload);
    const refusal = parsed.success
      ? refusePrompt(run.data, parsed.data)
      : refuse(describeProblem('prompt', parsed.error));
    if (refusal !== null) {
      run.emit({ type: 'prompt.rejected', data: { message: refusal.sentence } }, turnIdOf(payload));
    } else if (parsed.success) recordPrompt(run, parsed.data);
  });
}

function recordPrompt(run: SessionRun, prompt: Prompt): PromptAccepted {
  const { data } = run;
  const known = data.handled.some((handled) => handled.id === prompt.id);
  if (!known) {
    remember(data.handled, { id: prompt.id, hash: textHash(prompt.text) });
    data.queue.push({ ...prompt, restarts: 0, continuations: 0, falseStarts: 0 });
    askForSandbox(data);
    run.touch();
    const { id, ...shown } = prompt;
    run.emit({ type: 'prompt.queued', data: { ...shown, position: data.queue.length - 1 } }, { turnId: id });
    run.showDetails();
  }
  return {
    turnId: prompt.id,
    position: Math.max(
      0,
      data.queue.findIndex((queued) => queued.id === prompt.id),
    ),
  };
}

function recordExec(run: SessionRun, exec: ExecRequest): ExecAccepted {
  const { data } = run;
  if (!data.handledExecs.some((handled) => handled.id === exec.id)) {
    remember(data.handledExecs, { id: exec.id, hash: execHash(exec) });
    data.pendingExecs.push({ ...exec, falseStarts: 0 });
    askForSandbox(data);
    run.touch();
  }
  return { execId: exec.id };
}

function recordInterrupt(run: SessionRun, turnId: string | undefined): InterruptAccepted {
  const { phase } = run.data;
  if (phase.status !== 'running' || (turnId !== undefined && turnId !== phase.turnId))
    return { turnId: null };
  run.interruptAsked = phase.turnId;
  return { turnId: phase.turnId };
}

function recordPause(run: SessionRun, interrupt: boolean): Accepted {
  const { data } = run;
  if (data.phase.status === 'paused') return accepted;
  askForPause(data, 'requested');
  if (interrupt) recordInterrupt(run, undefined);
  return accepted;
}

function recordResume(run: SessionRun): Accepted {
  askForSandbox(run.data);
  run.touch();
  return accepted;
}

function recordCheckpoint(run: SessionRun): Accepted {
  run.data.asked.checkpoint = true;
  return accepted;
}

function recordTerminate(run: SessionRun, discard: boolean): Accepted {
  const { data } = run;
  if (data.phase.status === 'closed') return accepted;
  askToClose(run, discard);
  return accepted;
}

/** `discard` is never taken back by a later `terminate` without it. */
export function askToClose(run: SessionRun, discard: boolean): void {
  if (run.data.asked.close !== 'discard') run.data.asked.close = discard ? 'discard' : 'terminate';
  recordInterrupt(run, undefined);
}

function parse<T>(what: string, schema: z.ZodType<T>, payload: unknown): T {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return parsed.data;
  throw ApplicationFailure.nonRetryable(describeProblem(what, parsed.error), failureTypes.rejected);
}

function insist(refusal: Refusal | null): void {
  if (refusal !== null) throw ApplicationFailure.nonRetryable(refusal.sentence, refusal.type);
}

function turnIdOf(payload: unknown): { turnId?: string } {
  if (typeof payload !== 'object' || payload === null || !('id' in payload)) return {};
  return typeof payload.id === 'string' ? { turnId: payload.id.slice(0, 100) } : {};
}
