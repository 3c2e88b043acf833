/** The oracle: the same for every run, whatever struck it. Each check is a function from the evidence to sentences. Pure. */
import { checkEffects, checkExecs, checkPushes } from './check-effects.ts';
import { checkFollowers, checkJournals, checkLog, checkQueued, checkTerminalEvents } from './check-log.ts';
import { checkTurnBeginnings } from './check-turn-beginnings.ts';
import { checkTurnHistory } from './check-turn-history.ts';
import type { Evidence } from './evidence.ts';

export type Check = (evidence: Evidence) => readonly string[];

export const checks: Readonly<Record<string, Check>> = {
  'scenario played': ({ errors }) => errors,
  'log contiguous and unique': checkLog,
  'log holds the journals': checkJournals,
  'prompts taken once': checkQueued,
  'one terminal event per prompt': checkTerminalEvents,
  'followers saw the log': checkFollowers,
  'turns begin before they act': checkTurnBeginnings,
  'continued and restarted as they should': checkTurnHistory,
  'effects exactly once': checkEffects,
  'execs at most once': checkExecs,
  'pushes arrived': checkPushes,
  'conversation whole': checkConversation,
  'session ended as asked': checkEnd,
  'nothing left': ({ leftovers }) => leftovers.map((what) => `left behind: ${what}`),
  'no credential anywhere': ({ leaks }) => leaks.map((where) => `a canary credential stands in ${where}`),
};

export type Violation = { check: string; sentence: string };

export function judge(evidence: Evidence): Violation[] {
  return Object.entries(checks).flatMap(([check, look]) =>
    look(evidence).map((sentence) => ({ check, sentence })),
  );
}

/** The model sees every finished turn: what was asked, and what it had answered. */
function checkConversation({ prompts, lastConversation }: Evidence): string[] {
  const asked = prompts.filter(({ mark }) => !lastConversation.includes(mark));
  const answered = prompts.filter(({ answer }) => answer !== null && !lastConversation.includes(answer));
  return [
    ...asked.map(({ id }) => `the last request to the model does not hold prompt ${id}`),
    ...answered.map(({ id }) => `the last request to the model does not hold the answer of turn ${id}`),
  ];
}

function checkEnd({ end, log }: Evidence): string[] {
  const sentences: string[] = [];
  if (end.status !== 'closed') sentences.push(`the session is ${end.status}, not closed`);
  if (end.execution !== 'COMPLETED') sentences.push(`its workflow is ${end.execution}, not completed`);
  if (end.pendingActivities > 0)
    sentences.push(`its workflow has ${end.pendingActivities} pending activities`);
  const last = log.at(-1);
  if (last?.type !== 'session.closed') sentences.push(`the last event is ${last?.type}, not session.closed`);
  else if (last.data.reason !== 'terminated') sentences.push(`it closed as ${last.data.reason}`);
  return sentences;
}
