/** One build under way: what it is about, what it has told, and its account of the steps so far. */
import { setCurrentDetails } from '@temporalio/workflow';
import type { BegunBuild, BuildKey, ForSession } from '../activities/types.ts';
import type { EventBody, OwnEvent } from '../contracts/events.ts';
import type { BuildStep } from '../contracts/repo-image.ts';

/** Of what a step says, in the details that people see. */
const longestMessage = 300;

export class BuildRun {
  readonly build: BuildKey;
  /** The sandbox's: 1 is built in, 2 proves the image. */
  generation = 1;
  readonly #about: Omit<ForSession, 'events'>;
  readonly #steps: BuildStep[] = [];
  #pending: OwnEvent[] = [];
  #told = 0;

  constructor({ build, session }: Extract<BegunBuild, { kind: 'begun' }>) {
    this.build = build;
    this.#about = { sessionId: session.sessionId, session };
  }

  /** What the store is given at the end. */
  get account(): { build: BuildKey; steps: BuildStep[] } {
    return { build: this.build, steps: this.#steps };
  }

  /** Travels with the next activity. */
  tell(body: EventBody): void {
    this.#told += 1;
    const { generation } = this;
    this.#pending.push({ eventId: `build-${this.#told}`, at: new Date().toISOString(), generation, body });
  }

  /** Runs an activity with what was told since the last one; what it may not have got stays for the next. */
  async carrying<T>(work: (carried: ForSession) => Promise<T>): Promise<T> {
    const events = this.#pending;
    const result = await work({ ...this.#about, events });
    this.#pending = this.#pending.filter((event) => !events.includes(event));
    return result;
  }

  begin(name: string): void {
    this.tell({ type: 'build.step-started', data: { name } });
    this.show(`**${name}**`);
  }

  end(step: BuildStep): void {
    this.#steps.push(step);
    this.tell({ type: 'build.step-finished', data: step });
  }

  /** In the Temporal UI: where it is, and how the steps before went. */
  show(headline: string): void {
    const lines = this.#steps.map(({ name, status, durationMs, message }) => {
      const why = message === undefined ? '' : `: ${message.slice(0, longestMessage)}`;
      return `- ${name}: ${status}, ${(durationMs / 1_000).toFixed(1)} s${why}`;
    });
    setCurrentDetails([headline, '', ...lines].join('\n'));
  }
}
