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
  admitExec,
  admitPrompt,
  admitRequest,
  describeProblem,
  execHash,
  refuse,
  textHash,
} from './admission.ts';
import type { Admission } from './admission.ts';
import type { SessionRun } from './session-run.ts';
import { execView, stateView, turnView } from './views.ts';
import { remember } from './remember.ts';
import { askForPause, askForSandbox } from './session-data.ts';

const accepted: Accepted = { accepted: true };

export function bindMessages(run: SessionRun): void {
  bindPrompt(run);
  setHandler(messages.execUpdate, (payload) => takeExec(run, parse('exec', execSchema, payload)), {
    validator: (payload) => insist(admitExec(run.data, parse('exec', execSchema, payload))),
  });
  setHandler(
    messages.interruptUpdate,
    (payload: InterruptRequest = {}) => takeInterrupt(run, payload.turnId),
    {
      validator: (payload: InterruptRequest = {}) => {
        parse('interrupt', interruptSchema, payload);
        insist(admitRequest(run.data));
      },
    },
  );
  setHandler(
    messages.pauseUpdate,
    (payload: PauseRequest = {}) => takePause(run, payload.interrupt === true),
    {
      validator: (payload: PauseRequest = {}) => {
        parse('pause', pauseSchema, payload);
        insist(admitRequest(run.data));
      },
    },
  );
  setHandler(messages.resumeUpdate, () => takeResume(run), {
    validator: () => insist(admitRequest(run.data)),
  });
  setHandler(messages.checkpointUpdate, () => takeCheckpoint(run), {
    validator: () => insist(admitRequest(run.data)),
  });
  setHandler(
    messages.terminateUpdate,
    (payload: TerminateRequest = {}) => takeTerminate(run, payload.discard === true),
    {
      validator: (payload: TerminateRequest = {}) => void parse('terminate', terminateSchema, payload),
    },
  );
  setHandler(messages.stateQuery, () => stateView(run.input, run.data));
  setHandler(messages.turnQuery, (turnId) => turnView(run.data, turnId));
  setHandler(messages.execQuery, (execId) => execView(run.data, run.runningExecs, execId));
}

function bindPrompt(run: SessionRun): void {
  setHandler(messages.promptUpdate, (payload) => takePrompt(run, parse('prompt', promptSchema, payload)), {
    validator: (payload) => insist(admitPrompt(run.data, parse('prompt', promptSchema, payload))),
  });
  // Nobody waits for a signal's answer: a refusal becomes an event.
  setHandler(messages.promptSignal, (payload: unknown) => {
    const parsed = promptSchema.safeParse(payload);
    const admission = parsed.success
      ? admitPrompt(run.data, parsed.data)
      : refuse(describeProblem('prompt', parsed.error));
    if (parsed.success && admission.answer !== 'refuse') takePrompt(run, parsed.data);
    else if (admission.answer === 'refuse') {
      run.emit({ type: 'prompt.rejected', data: { message: admission.sentence } }, turnIdOf(payload));
    }
  });
}

function takePrompt(run: SessionRun, prompt: Prompt): PromptAccepted {
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

function takeExec(run: SessionRun, exec: ExecRequest): ExecAccepted {
  const { data } = run;
  if (!data.handledExecs.some((handled) => handled.id === exec.id)) {
    remember(data.handledExecs, { id: exec.id, hash: execHash(exec) });
    data.pendingExecs.push({ ...exec, falseStarts: 0 });
    askForSandbox(data);
    run.touch();
  }
  return { execId: exec.id };
}

function takeInterrupt(run: SessionRun, turnId: string | undefined): InterruptAccepted {
  const { phase } = run.data;
  if (phase.status !== 'running' || (turnId !== undefined && turnId !== phase.turnId))
    return { turnId: null };
  run.interruptAsked = phase.turnId;
  return { turnId: phase.turnId };
}

function takePause(run: SessionRun, interrupt: boolean): Accepted {
  const { data } = run;
  if (data.phase.status === 'paused') return accepted;
  askForPause(data, 'requested');
  if (interrupt) takeInterrupt(run, undefined);
  return accepted;
}

function takeResume(run: SessionRun): Accepted {
  askForSandbox(run.data);
  run.touch();
  return accepted;
}

function takeCheckpoint(run: SessionRun): Accepted {
  run.data.asked.checkpoint = true;
  return accepted;
}

function takeTerminate(run: SessionRun, discard: boolean): Accepted {
  const { data } = run;
  if (data.phase.status === 'closed') return accepted;
  askToClose(run, discard);
  return accepted;
}

/** `discard` is never taken back by a later `terminate` without it. */
export function askToClose(run: SessionRun, discard: boolean): void {
  if (run.data.asked.close !== 'discard') run.data.asked.close = discard ? 'discard' : 'terminate';
  takeInterrupt(run, undefined);
}

function parse<T>(what: string, schema: z.ZodType<T>, payload: unknown): T {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return parsed.data;
  throw ApplicationFailure.nonRetryable(describeProblem(what, parsed.error), failureTypes.rejected);
}

function insist(admission: Admission): void {
  if (admission.answer === 'refuse')
    throw ApplicationFailure.nonRetryable(admission.sentence, admission.type);
}

function turnIdOf(payload: unknown): { turnId?: string } {
  if (typeof payload !== 'object' || payload === null || !('id' in payload)) return {};
  return typeof payload.id === 'string' ? { turnId: payload.id.slice(0, 100) } : {};
}
