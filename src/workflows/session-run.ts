/**
 * One run of a session: its data and what only this run needs. Owns the workflow's own events and their ids; they travel
 * with the next activity or, when none follows, by the event recorder (I6).
 */
import {
  CancellationScope,
  CancelledFailure,
  condition,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ForSession } from '../activities/types.ts';
import type { EventBody, OwnEvent } from '../contracts/events.ts';
import { branchOf } from '../contracts/ids.ts';
import { searchAttributes, searchAttributesOf } from '../contracts/search-attributes.ts';
import { repositoriesOf } from '../contracts/session-input.ts';
import type { SessionInput } from '../contracts/session-input.ts';
import { renderDetails } from './details.ts';
import { newSessionData } from './session-data.ts';
import type { LiveSandbox, Phase, SessionData } from './session-data.ts';

export class SessionRun {
  readonly input: SessionInput;
  readonly data: SessionData;
  /** The session begins with this run. */
  readonly first: boolean;
  /** Execs whose activity runs. */
  readonly runningExecs = new Set<string>();
  /** The turn somebody asked to interrupt; reset when it ended. */
  interruptAsked: string | null = null;
  /** Temporal asked the workflow to end (the UI's button). */
  cancelled = false;
  /**
   * What the main loop does: it waits for something to do; it does it, so nothing else carries the pending events; or it is
   * over, because the next run takes over or the session closes, and nothing is begun beside it any more.
   */
  loop: 'waiting' | 'stepping' | 'leaving' | 'closing' = 'waiting';
  /** A local activity is under way: no run may end then, its last workflow task would wait for it and time out. */
  recording = false;
  /** What activities that have not ended were given to append. */
  readonly #underWay = new Set<OwnEvent[]>();

  constructor(input: SessionInput, data: SessionData | null) {
    this.input = input;
    this.first = data === null;
    this.data = data ?? newSessionData(nowText());
    if (!this.first) return;
    upsertSearchAttributes(searchAttributesOf(input, this.data.phase.status));
    this.emit({
      type: 'session.created',
      data: { repositories: repositoriesOf(input), user: input.user, branch: branchOf(input.sessionId) },
    });
  }

  get sandbox(): LiveSandbox {
    if (this.data.sandbox === null) throw new TypeError('this step needs a live sandbox');
    return this.data.sandbox;
  }

  get closing(): boolean {
    return this.data.asked.close !== 'no';
  }

  /**
   * Gives an activity the pending events to append. They come back when it fails, however it fails: it may have appended
   * them, and appending twice is harmless (I5).
   */
  async carrying<T>(work: (input: ForSession) => Promise<T>): Promise<T> {
    const events = this.data.pendingEvents.splice(0);
    this.#underWay.add(events);
    try {
      return await work({ sessionId: this.input.sessionId, session: this.input, events });
    } catch (error) {
      if (this.#underWay.has(events)) this.data.pendingEvents.unshift(...events);
      throw error;
    } finally {
      this.#underWay.delete(events);
    }
  }

  /** Before the run ends: nobody hears any more whether the activities under way appended their events (I5). */
  takeBackEvents(): void {
    this.data.pendingEvents.unshift(...[...this.#underWay].flat());
    this.#underWay.clear();
  }

  /** The same for an activity in the live sandbox. */
  async inSandbox<T>(
    work: (input: ForSession & { generation: number; sandboxId: string }) => Promise<T>,
  ): Promise<T> {
    const { generation } = this.data;
    const { sandboxId } = this.sandbox;
    return this.carrying(async (input) => work({ ...input, generation, sandboxId }));
  }

  /** Runs a step that a closing session does not wait for: it is cancelled then, which shows as its cancellation. */
  async unlessClosing<T>(work: () => Promise<T>): Promise<T> {
    const step = new CancellationScope();
    const watch = new CancellationScope();
    const watching = watch
      .run(async () => condition(() => this.closing))
      .then(() => step.cancel())
      .catch(() => undefined);
    try {
      return await step.run(work);
    } catch (error) {
      // Whatever it ended with: its worker may have died before it could say that it was cancelled.
      throw step.consideredCancelled ? new CancelledFailure('the session is closing') : error;
    } finally {
      watch.cancel();
      await watching;
    }
  }

  setPhase(phase: Phase): void {
    const changed = this.data.phase.status !== phase.status;
    this.data.phase = phase;
    this.showDetails();
    if (changed) upsertSearchAttributes([{ key: searchAttributes.state, value: phase.status }]);
  }

  showDetails(): void {
    setCurrentDetails(renderDetails(this.input, this.data));
  }

  touch(): void {
    this.data.lastActivityAt = nowText();
  }

  emit(body: EventBody, about: { turnId?: string; eventId?: string } = {}): void {
    this.data.eventCount += 1;
    this.data.pendingEvents.push({
      eventId: about.eventId ?? this.#idOf('own', this.data.eventCount),
      at: nowText(),
      generation: this.data.generation,
      ...(about.turnId === undefined ? {} : { turnId: about.turnId }),
      body,
    });
  }

  newCheckpointId(): string {
    this.data.snapshotCount += 1;
    return this.#idOf('snapshot', this.data.snapshotCount);
  }

  /**
   * A counter goes back when Temporal resets the workflow to an earlier point, and what the abandoned run stored stays: so
   * the run is in the id. Its last characters, because the first ones are a time.
   */
  #idOf(kind: 'own' | 'snapshot', count: number): string {
    return `${kind}-${workflowInfo().runId.slice(-8)}-${count}`;
  }

  warn(message: string): void {
    this.emit({ type: 'warning', data: { message } });
  }

  /** The next run can take over: between steps, and with nothing under way that it could not know of (I9). */
  get isDone(): boolean {
    const isBetweenSteps = this.loop === 'waiting' && this.runningExecs.size === 0;
    return this.shouldContinueAsNew && isBetweenSteps && this.data.phase.status !== 'starting';
  }

  /** History has become long: the next run should take over. */
  get shouldContinueAsNew(): boolean {
    return workflowInfo().continueAsNewSuggested;
  }
}

function nowText(): string {
  return new Date().toISOString();
}
