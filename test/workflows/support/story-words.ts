/** What stories about a session do again and again, each in one word. */
import type { PromptAccepted } from '../../../src/contracts/messages.ts';
import type { Prompt } from '../../../src/contracts/prompt.ts';
import * as messages from '../../../src/contracts/session-messages.ts';
import type { SessionState } from '../../../src/contracts/session-state.ts';
import type { TurnView } from '../../../src/contracts/turn.ts';
import { until } from './session-server.ts';
import type { SessionHandle } from './session-server.ts';

export async function send(
  handle: SessionHandle,
  id: string,
  more: Partial<Prompt> = {},
): Promise<PromptAccepted> {
  return handle.executeUpdate(messages.promptUpdate, { args: [{ id, text: id, ...more }] });
}

export async function untilTurn(
  handle: SessionHandle,
  id: string,
  status: TurnView['status'],
): Promise<void> {
  await until(
    () => handle.query(messages.turnQuery, id),
    (turn) => turn?.status === status,
  );
}

export async function untilState(
  handle: SessionHandle,
  holds: SessionState['status'] | ((state: SessionState) => boolean),
): Promise<SessionState> {
  return until(
    () => handle.query(messages.stateQuery),
    (state) => (typeof holds === 'string' ? state.status === holds : holds(state)),
  );
}

export async function terminate(handle: SessionHandle): Promise<void> {
  await handle.executeUpdate(messages.terminateUpdate, { args: [{}] });
  await handle.result();
}

/** Holds an activity until the test, or another activity, lets it go on. */
export class HeldTurn {
  readonly #release = Promise.withResolvers<void>();
  readonly released = this.#release.promise;

  release(): void {
    this.#release.resolve();
  }
}
