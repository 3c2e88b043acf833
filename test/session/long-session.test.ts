/**
 * One session of 500 turns, followed by one client from its beginning to its end, while its runs follow each other and
 * messages come in the middle of that. On the whole stack: what could get lost is in the store, the agent and the client as
 * well as in the workflow. A run ends after a few turns, so that the take-over, where messages could be lost, comes often.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import type { Session } from '../../src/client.ts';
import { workflowIdOf } from '../../src/contracts/ids.ts';
import { isTurnEnd } from '../../src/contracts/events.ts';
import type { SessionEvent } from '../../src/contracts/events.ts';
import { promptSignal } from '../../src/contracts/session-messages.ts';
import { startTemporalServer } from '../../src/dev/temporal/server.ts';
import { count, eventually, expectWholeLog, readLog } from '../support/log-checks.ts';
import { sharedStack } from '../support/stack.ts';
import { openWorld } from '../support/world.ts';
import { RunChain } from './support/run-chain.ts';

const turns = Number(process.env['HARVEST_TEST_TURNS'] ?? 500);
const inTakeOvers = turns * 0.4;
/** Give up when so many turns did not bring enough messages into take-overs. */
const mostTurns = turns * 2;
/** A session that goes on ends a turn every second or so. */
const stallMs = 90_000;
/** A server's own setting is 4,096. */
const historyEvents = 60;
const serversOwn = 4_096;
const mostEvents = 5_000;
/** Messages that are sent when a run is about to end, and when it has ended: more than one run's turns, so that some wait. */
const bursts = { before: 3, after: 4 } as const;
/** Below the bound of the queue, which is 20. */
const mostQueued = { before: 9, after: 12 } as const;

type Sent = { id: string; by: 'update' | 'signal'; atMs: number; answeredMs: number };

/** Sends prompts, by update and by signal in turn; one whose fate is unknown again, as every caller does. */
class Sender {
  readonly sent: Sent[] = [];
  readonly #session: Session;
  readonly #client: Client;
  readonly #answers: Promise<void>[] = [];

  constructor(session: Session, client: Client) {
    this.#session = session;
    this.#client = client;
  }

  send(): void {
    const number = this.sent.length + 1;
    const by = number % 2 === 0 ? 'update' : 'signal';
    const message: Sent = { id: `m${number}`, by, atMs: Date.now(), answeredMs: Number.POSITIVE_INFINITY };
    this.sent.push(message);
    this.#answers.push(this.#deliver(message).then(() => void (message.answeredMs = Date.now())));
  }

  burst(messages: number): void {
    for (let message = 0; message < messages; message += 1) this.send();
  }

  async allAnswered(): Promise<void> {
    await Promise.all(this.#answers);
  }

  async #deliver({ id, by }: Sent): Promise<void> {
    const prompt = { id, text: `!say ${id}` };
    if (by === 'update') {
      expect((await this.#session.prompt(prompt.text, { id }).accepted).turnId).toBe(id);
      return;
    }
    const handle = this.#client.workflow.getHandle(workflowIdOf(this.#session.id));
    await eventually(
      () =>
        handle.signal(promptSignal, prompt).then(
          () => 'sent',
          (error: unknown) => String(error),
        ),
      (answer) => answer === 'sent',
    );
  }
}

function withinTakeOver(
  sent: readonly Sent[],
  takeOvers: readonly { beganMs: number; endedMs: number }[],
): Sent[] {
  return sent.filter(({ atMs, answeredMs }) =>
    takeOvers.some(({ beganMs, endedMs }) => atMs <= endedMs && answeredMs >= beganMs),
  );
}

test(
  `${turns} turns in one session, with messages in the middle of every take-over`,
  { timeout: 1_800_000 },
  async () => {
    await using opened = new AsyncDisposableStack();
    const directory = await mkdtemp(join(tmpdir(), 'harvest-temporal-'));
    opened.defer(async () => rm(directory, { recursive: true, force: true }));
    const { temporal, workflowBundle: codePath } = sharedStack();
    const server = await startTemporalServer({
      binary: { path: temporal.binary },
      dynamicConfiguration: { 'limit.historyCount.suggestContinueAsNew': String(historyEvents) },
      databaseFile: join(directory, 'temporal.db'),
      logFile: join(directory, 'temporal.log'),
      environment: process.env,
      log: () => undefined,
    });
    opened.defer(async () => server.stop());
    const world = opened.use(
      await openWorld({ temporal: { address: server.address, namespace: server.namespace } }),
    );
    const connection = await Connection.connect({ address: server.address });
    opened.defer(async () => connection.close());
    const client = new Client({ connection });

    const session = await world.session();
    const chain = new RunChain(connection, client, workflowIdOf(session.id));
    const sender = new Sender(session, client);
    const seen: SessionEvent[] = [];
    let ended = 0;
    let isEnough = false;
    let burstIn = -1;
    const watching = chain.watch((event, number) => {
      const run = chain.histories.length;
      const queued = sender.sent.length - ended;
      if (isEnough) return;
      if (event.workflowExecutionContinuedAsNewEventAttributes && queued <= mostQueued.after) {
        sender.burst(bursts.after);
      } else if (event.activityTaskCompletedEventAttributes && number > historyEvents && burstIn < run) {
        burstIn = run;
        if (queued <= mostQueued.before) sender.burst(bursts.before);
      }
    });
    sender.send();
    const stalled = new AbortController();
    let stall = setTimeout(() => stalled.abort(), stallMs);
    for await (const event of session.events({ signal: stalled.signal })) {
      seen.push(event);
      if (!isTurnEnd(event)) continue;
      clearTimeout(stall);
      stall = setTimeout(() => stalled.abort(), stallMs);
      ended += 1;
      const { sent } = sender;
      if (isEnough) {
        if (ended === sent.length) await session.terminate();
        continue;
      }
      if (sent.length === ended) sender.send();
      isEnough =
        sent.length >= mostTurns ||
        (sent.length >= turns && withinTakeOver(sent, chain.takeOvers).length >= inTakeOvers);
    }
    clearTimeout(stall);
    // Only after a stall it is still open: what is missing then shows below.
    await session.terminate();
    await Promise.all([sender.allAnswered(), watching]);

    const { sent } = sender;
    const { takeOvers, histories } = chain;
    const hits = withinTakeOver(sent, takeOvers);
    expect(hits.length).toBeGreaterThanOrEqual(inTakeOvers);
    for (const way of ['update', 'signal']) {
      expect(hits.filter(({ by }) => by === way).length).toBeGreaterThanOrEqual(inTakeOvers / 4);
    }

    // None lost, none doubled, all of them answered by the agent.
    const ids = sent.map(({ id }) => id).sort();
    const turnsOf = (type: SessionEvent['type']): string[] =>
      seen.filter((event) => event.type === type).map(({ turnId = '' }) => turnId);
    expect(turnsOf('prompt.queued').sort()).toEqual(ids);
    expect(turnsOf('turn.completed').sort()).toEqual(ids);
    expect(
      seen
        .filter(({ type }) => type === 'agent.text')
        .map(({ data }) => ('text' in data ? data.text : ''))
        .sort(),
    ).toEqual(ids);

    // The follower saw the log, the whole log, and nothing was disturbed.
    expectWholeLog(seen);
    expect(seen).toEqual(await readLog(session));
    expect(count(seen, 'turn.continued') + count(seen, 'turn.restarted') + count(seen, 'sandbox.lost')).toBe(
      0,
    );
    expect(seen.at(-1)?.type).toBe('session.closed');

    const lengths = histories.map(({ events }) => events?.length ?? 0);
    // However late a run ends, on a server with its own setting it ends below the bound, too.
    expect(Math.max(...lengths)).toBeLessThan(historyEvents + mostEvents - serversOwn);
    expect(histories.length).toBeGreaterThan(turns / 20);
    const replayed = Worker.runReplayHistories(
      { workflowBundle: { codePath } },
      histories.map((history) => ({ workflowId: workflowIdOf(session.id), history })),
    );
    let replays = 0;
    for await (const { error } of replayed) {
      expect(error).toBeUndefined();
      replays += 1;
    }
    expect(replays).toBe(histories.length);
  },
);
