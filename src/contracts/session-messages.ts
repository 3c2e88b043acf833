/** The session workflow's updates, signal and queries by name: the contract with callers in every language. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  Accepted,
  CancelPromptRequest,
  ExecAccepted,
  ExecInput,
  InterruptAccepted,
  InterruptRequest,
  PauseRequest,
  Prompt,
  PromptAccepted,
  RewindRequest,
  SetBudgetRequest,
  TerminateRequest,
} from './messages.ts';
import type { SessionInput } from './session-input.ts';
import type { SessionState } from './session-state.ts';
import type { ExecView, TurnView } from './turn.ts';

// `interrupt`, `pause` and `terminate` also work without an argument, which means `{}`.
export const promptUpdate = defineUpdate<PromptAccepted, [Prompt]>('prompt');
export const interruptUpdate = defineUpdate<InterruptAccepted, [InterruptRequest]>('interrupt');
export const pauseUpdate = defineUpdate<Accepted, [PauseRequest]>('pause');
export const resumeUpdate = defineUpdate<Accepted>('resume');
export const checkpointUpdate = defineUpdate<Accepted>('checkpoint');
export const terminateUpdate = defineUpdate<Accepted, [TerminateRequest]>('terminate');
export const cancelPromptUpdate = defineUpdate<Accepted, [CancelPromptRequest]>('cancelPrompt');
export const rewindUpdate = defineUpdate<Accepted, [RewindRequest]>('rewind');
export const setBudgetUpdate = defineUpdate<Accepted, [SetBudgetRequest]>('setBudget');
export const execUpdate = defineUpdate<ExecAccepted, [ExecInput]>('exec');

/** Fire and forget: the same payload and deduplication as the update; an invalid one becomes `prompt.rejected`. */
export const promptSignal = defineSignal<[Prompt]>('prompt');

export const stateQuery = defineQuery<SessionState>('state');
/** The request the session was started with, defaults filled in: what a fork of it starts from. Credentials are references. */
export const inputQuery = defineQuery<SessionInput>('input');
/** Null for an id the session does not know (any more). */
export const turnQuery = defineQuery<TurnView | null, [string]>('turn');
export const execQuery = defineQuery<ExecView | null, [string]>('exec');
