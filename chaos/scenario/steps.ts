/**
 * The scenario: what one caller does with one session, step by step. A step is done when its outcome is there. What is sent
 * in it can be sent again: a fault may strike anywhere in it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { RequestFailed } from '../../src/client.ts';
import type { Play } from './play.ts';
import { insist, planPrompt, turn } from './play.ts';

export type Step = { name: string; run: (play: Play) => Promise<void> };

const folder = 'chaos';

/** So that a fault in the middle of a tool call has a middle to strike. */
const moment = 'sleep 0.3';

export const scenario: readonly Step[] = [
  { name: 'start', run: start },
  { name: 'commit', run: commit },
  { name: 'queue', run: queueTwo },
  { name: 'steer', run: steer },
  { name: 'interrupt', run: interruptLong },
  { name: 'prompt that interrupts', run: interruptByPrompt },
  { name: 'exec', run: execEffect },
  { name: 'checkpoint', run: takeCheckpoint },
  { name: 'pause', run: async ({ session }) => void (await insist(() => session.pause())) },
  { name: 'restore and push', run: restoreAndPush },
  { name: 'look', run: look },
  { name: 'terminate', run: async ({ session }) => insist(() => session.terminate()) },
];

async function start({ harvest, run, repository, lane, options }: Play): Promise<void> {
  const session = await insist(async () =>
    harvest.createSession({
      sessionId: run,
      repositories: [{ url: repository, branch: 'main', name: folder }],
      user: { name: 'Ada Lovelace', email: 'ada@example.com' },
      credentials: lane.credentials,
      options,
      keep: true,
    }),
  );
  for await (const event of session.events()) {
    if (event.type === 'session.ready') return;
    if (event.type === 'session.closed') throw new Error('the session closed before it was ready');
  }
}

async function commit(play: Play): Promise<void> {
  await turn(play, 'commit', {
    script: (effect) => [
      'Remember the word "tamarind".',
      `!bash echo kept > kept.txt; git add -A; git commit -qm kept; ${effect('commit')}; ${moment}`,
    ],
    effects: ['commit'],
  });
}

async function queueTwo(play: Play): Promise<void> {
  await Promise.all([
    turn(play, 'queued-1', {
      script: (effect) => [`!bash ${effect('queued-1')}; ${moment}`],
      effects: ['queued-1'],
    }),
    turn(play, 'queued-2', {
      script: (effect) => [`!bash echo loose > loose.txt; ${effect('queued-2')}`],
      effects: ['queued-2'],
    }),
  ]);
}

/** Interrupted when its effect has come; asked again for as long as it has not ended. */
async function interruptLong(play: Play): Promise<void> {
  const { session, lane, run } = play;
  const text = planPrompt(play, 'long', {
    script: (effect) => [`!bash ${effect('long')}`, '!sleep-bash 90', '!say slept'],
    effects: ['long'],
    endings: ['turn.interrupted'],
    answer: null,
  });
  const ended = new AbortController();
  const result = insist(async () => session.prompt(text, { id: 'long' }).result()).finally(() =>
    ended.abort(),
  );
  await Promise.race([result, lane.effects.until(run, 'long')]);
  while (!ended.signal.aborted) {
    await insist(() => session.interrupt('long'));
    // Null: between two sandboxes nothing runs that could be interrupted.
    await sleep(200);
  }
  await result;
}

/** Said while a tool of the turn runs; what comes too late for that has a turn of its own. */
async function steer(play: Play): Promise<void> {
  const { session, lane, run } = play;
  const steered = turn(play, 'steered', {
    script: (effect) => [`!bash ${effect('steered')}; sleep 1`, '!say not steered'],
    effects: ['steered'],
    answer: null,
  });
  await Promise.race([steered, lane.effects.until(run, 'steered')]);
  const text = planPrompt(play, 'steering', {
    script: (effect) => [`!bash ${effect('steering')}`],
    effects: ['steering'],
    endings: ['turn.steered', 'turn.completed'],
    within: 'steered',
  });
  await insist(async () => session.prompt(text, { id: 'steering', mode: 'steer' }).result());
  await steered;
}

async function interruptByPrompt(play: Play): Promise<void> {
  const { session, lane, run } = play;
  const waiting = turn(play, 'in-the-way', {
    script: (effect) => [`!bash ${effect('in-the-way')}`, '!sleep-bash 20'],
    effects: ['in-the-way'],
    // Where its sandbox was lost just before, nothing runs that could be interrupted, and it has its turn.
    endings: ['turn.interrupted', 'turn.completed'],
    answer: null,
  });
  await Promise.race([waiting, lane.effects.until(run, 'in-the-way')]);
  const text = planPrompt(play, 'urgent', {
    script: (effect) => [`!bash ${effect('urgent')}`],
    effects: ['urgent'],
  });
  const urgent = insist(async () => session.prompt(text, { id: 'urgent', mode: 'interrupt' }).result());
  await Promise.all([waiting, urgent]);
}

async function execEffect(play: Play): Promise<void> {
  const { session, lane, run } = play;
  const command = `${moment}; ${lane.effects.command(run, 'exec')}`;
  play.execs.push({ id: 'exec', effects: ['exec'] });
  await insist(() => session.exec(['sh', '-c', command], { id: 'exec' }));
}

/** One that was lost with its sandbox is asked for again; the log says so (`snapshot.failed`). */
async function takeCheckpoint({ session }: Play): Promise<void> {
  const take = async (): Promise<unknown> => insist(() => session.checkpoint());
  await take().catch(async (error: unknown) => {
    if (!(error instanceof RequestFailed)) throw error;
    return take();
  });
}

async function restoreAndPush(play: Play): Promise<void> {
  play.pushes += 1;
  const { text } = await turn(play, 'push', {
    script: (effect) => [`!bash git push -q origin HEAD; ${effect('push')}`, '!recall word "([a-z]+)"'],
    effects: ['push'],
    answer: null,
  });
  if (!text.includes('tamarind'))
    throw new Error(`the restored agent has forgotten what it was told: ${text}`);
}

async function look({ session, execs }: Play): Promise<void> {
  const cat = async (id: string) => {
    execs.push({ id, effects: [] });
    return insist(() => session.exec(['sh', '-c', 'cat kept.txt loose.txt'], { id }));
  };
  let { output, outcome } = await cat('look');
  // With its sandbox: the next one must have the files.
  if (outcome.status === 'lost') ({ output, outcome } = await cat('look-again'));
  if (output !== 'kept\nloose\n') throw new Error(`the files are not what the turns left: ${output}`);
}
