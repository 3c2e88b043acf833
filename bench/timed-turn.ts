/** One turn through the client, with the times of what happened on its way; all on this process's clock. */
import type { Session } from '../src/client.ts';
import type { Scene } from './scene.ts';

/** Milliseconds since the call of `prompt`. */
export type TurnTimes = {
  /** The session recorded the prompt. */
  acceptedMs: number;
  /** The agent's request reached the model. */
  requestMs: number;
  /** The first event that stems from the model's answer reached a follower. */
  firstEventMs: number;
  /** The turn's last event reached the follower. */
  endMs: number;
};

export const smallPrompt = '!say ok';

export async function timeTurn(scene: Scene, session: Session, text = smallPrompt): Promise<TurnTimes> {
  scene.relay.forget();
  const began = performance.now();
  const turn = session.prompt(text);
  const accepted = turn.accepted.then(() => performance.now() - began);
  let firstEventMs: number | null = null;
  for await (const event of turn) {
    if (event.type === 'agent.text.delta') firstEventMs ??= performance.now() - began;
    if (event.type === 'turn.failed') throw new Error(`the turn failed: ${event.data.failure.message}`);
  }
  const endMs = performance.now() - began;
  const request = scene.relay.requests[0];
  if (firstEventMs === null || request === undefined) throw new Error('the turn had no agent event');
  return { acceptedMs: await accepted, requestMs: request - began, firstEventMs, endMs };
}
