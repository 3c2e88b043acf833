/** What the agent is told to begin a run of a turn: the prompt, or that it goes on, and what it cannot know by itself. */
import {
  continuationNotice,
  enrichWithRecentMessages,
  restoreNotice,
  type ContinuationCause,
} from '../../agent/notices.ts';
import type { Steer } from '../../contracts/prompt.ts';
import type { TurnRequest } from '../../contracts/supervisor.ts';
import { runUuid } from '../agent-session/message-uuid.ts';
import type { Conversation } from '../agent-session/agent-turn.ts';
import type { Generation } from '../generation.ts';
import type { Session } from '../start/session.ts';
import { finishedCalls, tellFinishedCalls } from './finished-calls.ts';
import { tellSteers } from './told-steers.ts';

export type TurnMessageInput = {
  session: Session;
  request: TurnRequest;
  cause: ContinuationCause;
  steers: readonly Steer[];
};

export async function turnMessage(input: TurnMessageInput, conversation: Conversation): Promise<string> {
  const { session, request, steers } = input;
  const { sessionId } = session.request;
  const { turnId } = request;
  const beginning = await beginningOf(input, conversation);
  const notice = untoldLosses(session, turnId);
  const ahead = notice === '' ? '' : `${notice}\n\n`;
  return ahead + beginning + tellSteers(steers, { sessionId, turnId, entries: conversation.resumed });
}

async function beginningOf(
  { session, request, cause }: TurnMessageInput,
  { holdsPrompt, isNew, resumed }: Conversation,
): Promise<string> {
  const { turnId, continuation, text, notice } = request;
  const { journal, turns } = session.recorder.generation;
  if (holdsPrompt) {
    const calls = await finishedCalls(journal, { turnId, from: turns.firstStartOf(turnId) });
    const again = notice === undefined ? '' : `${notice}\n\n`;
    return again + continuationNotice({ cause, count: continuation }) + tellFinishedCalls(calls, resumed);
  }
  const prompt = notice === undefined ? text : `${notice}\n\n${text}`;
  return isNew ? enrichWithRecentMessages(prompt, session.request.restore?.recentMessages ?? []) : prompt;
}

/**
 * What the restore of this generation could not bring back, until the agent has been told: its transcript shows a message
 * of ours from this generation then, whichever turn's. Told by what is in the journal, so a restarted supervisor knows it.
 */
function untoldLosses({ recorder, request }: Session, turnId: string): string {
  const { generation } = recorder;
  const { restoreLoss } = generation.starts;
  // A session that never had a conversation has lost none.
  const hadNone = restoreLoss.conversation === 'nothing' && (request.restore?.transcript ?? null) === null;
  const notice = restoreNotice(hadNone ? { ...restoreLoss, conversation: null } : restoreLoss);
  return notice === '' || hasTold(generation, { sessionId: request.sessionId, turnId }) ? '' : notice;
}

/** Whether an earlier run, of that turn or of one before it, is in the transcript. */
function hasTold(
  generation: Generation,
  { sessionId, turnId }: { sessionId: string; turnId: string },
): boolean {
  const { number, turns } = generation;
  const own = { turnId, continuation: turns.newestRunOf(turnId) - 1 };
  return [...turns.startedBefore(turnId), own].some((turn) =>
    Array.from({ length: turn.continuation + 1 }, (_, run) => run).some((run) =>
      generation.hasMirrored(runUuid({ sessionId, generation: number, turnId: turn.turnId, run })),
    ),
  );
}
