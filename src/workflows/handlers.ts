/** The session's updates, signal and queries. Handlers only record: the main loop acts (I1). */
import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import type * as z from 'zod';
import { failureTypes } from '../contracts/failures.ts';
import {
  cancelPromptSchema,
  execSchema,
  interruptSchema,
  pauseSchema,
  promptSchema,
  rewindSchema,
  setBudgetSchema,
  terminateSchema,
} from '../contracts/messages.ts';
import type { InterruptRequest, PauseRequest, TerminateRequest } from '../contracts/messages.ts';
import * as messages from '../contracts/session-messages.ts';
import {
  describeProblem,
  refuse,
  refuseCancel,
  refuseClosed,
  refuseExec,
  refusePrompt,
  refuseRewind,
} from './admission.ts';
import type { Refusal } from './admission.ts';
import { cancelPrompt, recordPrompt } from './prompts.ts';
import {
  accepted,
  recordBudget,
  recordCheckpoint,
  recordExec,
  recordInterrupt,
  recordPause,
  recordResume,
  recordRewind,
  recordTerminate,
} from './requests.ts';
import type { SessionRun } from './session-run.ts';
import { execView, stateView, turnView } from './views.ts';

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
  bindRewindAndBudget(run);
  setHandler(messages.stateQuery, () => stateView(run.input, run.data, run.runningExecs.size));
  setHandler(messages.inputQuery, () => run.input);
  setHandler(messages.turnQuery, (turnId) => turnView(run.data, turnId));
  setHandler(messages.execQuery, (execId) => execView(run.data, run.runningExecs, execId));
}

function bindRewindAndBudget(run: SessionRun): void {
  setHandler(
    messages.rewindUpdate,
    (payload) => recordRewind(run, parse('rewind', rewindSchema, payload).checkpointId),
    {
      validator: (payload) => {
        const { checkpointId } = parse('rewind', rewindSchema, payload);
        insist(refuseRewind(run.data, { checkpointId, runningExecs: run.runningExecs.size }));
      },
    },
  );
  setHandler(
    messages.setBudgetUpdate,
    (payload) => recordBudget(run, parse('setBudget', setBudgetSchema, payload).budgetUsd),
    {
      validator: (payload) => {
        parse('setBudget', setBudgetSchema, payload);
        insist(refuseClosed(run.data));
      },
    },
  );
}

function bindPrompt(run: SessionRun): void {
  setHandler(
    messages.cancelPromptUpdate,
    (payload) => {
      cancelPrompt(run, parse('cancelPrompt', cancelPromptSchema, payload).id);
      return accepted;
    },
    {
      validator: (payload) =>
        insist(refuseCancel(run.data, parse('cancelPrompt', cancelPromptSchema, payload).id)),
    },
  );
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
