/** What the queries answer. */
import { repositoriesOf } from '../contracts/session-input.ts';
import type { SessionInput } from '../contracts/session-input.ts';
import type { SessionState } from '../contracts/session-state.ts';
import type { ExecView, TurnView } from '../contracts/turn.ts';
import { clocksOf, shownClocks } from './clocks.ts';
import { runningTurnId } from './decisions.ts';
import type { SessionData } from './session-data.ts';

export function stateView(input: SessionInput, data: SessionData, runningExecs: number): SessionState {
  const { phase } = data;
  const message = phase.status === 'closed' ? phase.message : undefined;
  const running = runningTurnId(data);
  return {
    sessionId: input.sessionId,
    status: phase.status,
    createdAt: data.createdAt,
    lastActivityAt: data.lastActivityAt,
    generation: data.generation,
    sandboxId: data.sandbox?.sandboxId ?? null,
    imageId: data.sandbox?.imageId ?? null,
    checkpointId: data.checkpoint?.checkpointId ?? null,
    turnId: running,
    queue: data.queue
      .filter((prompt) => prompt.id !== running)
      .map(({ id, author }) => ({ turnId: id, ...(author === undefined ? {} : { author }) })),
    turns: data.turns,
    costUsd: data.costUsd,
    spentUsd: data.spentUsd,
    budgetUsd: data.budgetUsd,
    waiting: data.waiting,
    clocks: shownClocks(clocksOf(data, input.options, runningExecs)),
    repositories: repositoriesOf(input),
    git: data.heads,
    ...(message === undefined ? {} : { message }),
  };
}

export function turnView(data: SessionData, turnId: string): TurnView | null {
  if (runningTurnId(data) === turnId) return { turnId, status: 'running' };
  const [first] = data.queue;
  if (first?.steers.some((said) => said.promptId === turnId) === true)
    return { turnId, status: 'steering', into: first.id };
  const position = data.queue.findIndex((prompt) => prompt.id === turnId);
  if (position >= 0) return { turnId, status: 'queued', position };
  const ended = data.endedTurns.find((turn) => turn.turnId === turnId);
  return ended === undefined
    ? null
    : { turnId, answer: ended.answer, costUsd: ended.costUsd, ...ended.outcome };
}

export function execView(data: SessionData, running: ReadonlySet<string>, execId: string): ExecView | null {
  const waits = data.pendingExecs.some((exec) => exec.id === execId);
  if (waits || running.has(execId)) return { execId, status: 'running' };
  const ended = data.endedExecs.find((exec) => exec.execId === execId);
  return ended === undefined ? null : { execId, output: ended.output, ...ended.outcome };
}
