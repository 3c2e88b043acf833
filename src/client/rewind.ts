/** Going back to a checkpoint: asked when the session has heard of all that the event log says is over. */
import { setTimeout as sleep } from 'node:timers/promises';
import { rewindSchema } from '../contracts/index.ts';
import type { RewindRequest, SessionState } from '../contracts/index.ts';
import { rewindUpdate } from '../contracts/session-messages.ts';
import { RequestFailed, RequestRejected } from './errors.ts';
import { mayBeIgnored } from './lazy-promise.ts';
import { promptEdgeTypes } from './prompt-events.ts';
import { Requested, firstIn, live } from './requests.ts';
import type { Parts } from './requests.ts';
import type { SessionLog } from './session-log.ts';
import { check } from './validate.ts';

const firstPauseMs = 50;
const longestPauseMs = 500;
/** A worker that dies between the two is replaced within a few seconds. */
const hearsWithinMs = 15_000;

/** While one is under way the session takes no other checkpoint: the event that names this one is the outcome. */
export function rewind(parts: Parts, checkpointId: string): Requested<SessionState> {
  const { calls, log } = parts;
  const before = mayBeIgnored(log.lastSeq());
  const accepted = before.then(async () => {
    await ask(parts, check('Rewind', rewindSchema, { checkpointId }));
  });
  return new Requested(accepted, async () => {
    const types = ['session.rewound', 'session.rewind-failed'] as const;
    const after = await firstIn({ calls, log, after: await before }, types, (event) => {
      if (event.type !== 'session.rewound' && event.type !== 'session.rewind-failed') return null;
      if (event.data.checkpointId !== checkpointId) return null;
      if (event.type === 'session.rewound') return event.seq;
      throw new RequestFailed(calls.sessionId, event.data.message);
    });
    return live({ calls, log, after });
  });
}

/**
 * A session refuses while something runs, and the event log tells an end a moment before the session hears of it: who has
 * just awaited a turn must not be refused for it.
 */
async function ask({ calls, log }: Parts, request: RewindRequest): Promise<void> {
  const endsAt = Date.now() + hearsWithinMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      await calls.update(rewindUpdate, { payload: [request] });
      return;
    } catch (error) {
      const mayHear = error instanceof RequestRejected && Date.now() < endsAt;
      if (!mayHear || !(await isQuiet(log))) throw error;
    }
    await sleep(pauseMs);
  }
}

/** Whether all prompts and commands have ended, as far as the event log says. */
async function isQuiet(log: SessionLog): Promise<boolean> {
  const begun = new Set<string>();
  const ended = new Set<string>();
  for await (const event of log.eventsNow(0, [...promptEdgeTypes, 'exec.started', 'exec.finished'])) {
    switch (event.type) {
      case 'exec.started':
      case 'exec.finished':
        (event.type === 'exec.started' ? begun : ended).add(`exec ${event.data.execId}`);
        break;
      case 'turn.steering':
      case 'turn.steered':
        (event.type === 'turn.steering' ? begun : ended).add(`prompt ${event.data.promptId}`);
        break;
      default:
        (event.type === 'prompt.queued' ? begun : ended).add(`prompt ${event.turnId ?? ''}`);
    }
  }
  return [...begun].every((name) => ended.has(name));
}
