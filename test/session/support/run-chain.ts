/** The runs of one session as they follow each other, watched as Temporal writes their histories. */
import type { Client, Connection } from '@temporalio/client';
import type { History } from '@temporalio/common/lib/proto-utils.js';

export type HistoryEvent = NonNullable<History['events']>[number];

/** In milliseconds since the epoch, on the clock of this machine. */
export type TakeOver = { beganMs: number; endedMs: number };

/** Longer than the server keeps a question for new events open. */
const pollMs = 60_000;

export class RunChain {
  readonly #connection: Connection;
  readonly #client: Client;
  readonly #workflowId: string;
  readonly #runs: HistoryEvent[][] = [];

  constructor(connection: Connection, client: Client, workflowId: string) {
    this.#connection = connection;
    this.#client = client;
    this.#workflowId = workflowId;
  }

  /** Of every run so far. */
  get histories(): History[] {
    return this.#runs.map((events) => ({ events }));
  }

  /** From the workflow task in which a run decides to end until the first one of its successor is over. */
  get takeOvers(): TakeOver[] {
    return this.#runs.slice(1).map((events, index) => {
      const deciding = this.#runs[index]?.findLast((event) => event.workflowTaskStartedEventAttributes);
      const first = events.find((event) => event.workflowTaskCompletedEventAttributes);
      return { beganMs: timeOf(deciding), endedMs: first === undefined ? Date.now() : timeOf(first) };
    });
  }

  /** Tells of each event once it is written, with its number in its run. Returns when the session is closed. */
  async watch(sees: (event: HistoryEvent, number: number) => void): Promise<void> {
    let { runId } = await this.#client.workflow.getHandle(this.#workflowId).describe();
    for (;;) {
      const last = await this.#watchRun(runId, sees);
      const next = last?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
      if (typeof next !== 'string') return;
      runId = next;
    }
  }

  async #watchRun(
    runId: string,
    sees: (event: HistoryEvent, number: number) => void,
  ): Promise<HistoryEvent | undefined> {
    const events: HistoryEvent[] = [];
    this.#runs.push(events);
    const execution = { workflowId: this.#workflowId, runId };
    let nextPageToken: Uint8Array | undefined;
    do {
      const question = {
        namespace: this.#client.options.namespace,
        execution,
        waitNewEvent: true,
        ...(nextPageToken === undefined ? {} : { nextPageToken }),
      };
      const answer = await this.#connection.withDeadline(Date.now() + pollMs, () =>
        this.#client.workflowService.getWorkflowExecutionHistory(question),
      );
      for (const event of answer.history?.events ?? []) {
        events.push(event);
        sees(event, events.length);
      }
      ({ nextPageToken } = answer);
    } while (nextPageToken.length > 0);
    return events.at(-1);
  }
}

function timeOf(event: HistoryEvent | undefined): number {
  const { seconds, nanos } = event?.eventTime ?? {};
  return Number(seconds) * 1_000 + Math.floor((nanos ?? 0) / 1e6);
}
