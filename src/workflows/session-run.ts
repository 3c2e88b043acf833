/**
 * One run of a session: its data and what only this run needs. Owns the workflow's own events and their ids; they travel
 * with the next activity or, when none follows, by the event recorder (I6).
 */
import type { ForSession } from '../activities/types.ts';
import type { EventBody, OwnEvent } from '../contracts/events.ts';
import { branchOf } from '../contracts/ids.ts';
import { repositoriesOf } from '../contracts/session-input.ts';
import type { SessionInput } from '../contracts/session-input.ts';
import { clocksOf, shownClocks } from './clocks.ts';
import { renderDetails } from './details.ts';
import { newSessionData } from './session-data.ts';
import type { LiveSandbox, Phase, SessionData, StopReason } from './session-data.ts';
import type { Surface } from './surface.ts';

export class SessionRun {
  readonly input: SessionInput;
  readonly data: SessionData;
  readonly #surface: Surface;
  /** The session begins with this run. */
  readonly first: boolean;
  /** Execs whose activity runs. */
  readonly runningExecs = new Set<string>();
  /** A steering prompt is on its way to the agent. */
  telling = false;
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

  /** `carried` is what the run before left; null begins the session. */
  constructor(input: SessionInput, { carried, surface }: { carried: SessionData | null; surface: Surface }) {
    this.input = input;
    this.#surface = surface;
    this.first = carried === null;
    this.data = carried ?? newSessionData(surface.now(), input.options.budgetUsd ?? null);
    if (!this.first) return;
    surface.register(input, this.data.phase.status);
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

  /** What people ask for counts more than a limit. */
  askToStop(turnId: string, reason: StopReason): void {
    const { stop } = this.data;
    if (stop?.turnId === turnId && stop.reason.kind === 'requested') return;
    this.data.stop = { turnId, reason };
  }

  setPhase(phase: Phase): void {
    const changed = this.data.phase.status !== phase.status;
    this.data.phase = phase;
    if (changed) this.data.pausedAt = phase.status === 'paused' ? this.now : null;
    this.showDetails();
    if (changed) this.#surface.showStatus(phase.status);
  }

  setWaiting(message: string | null): void {
    this.data.waiting = message === null ? null : { since: this.now, message };
    this.showDetails();
  }

  showDetails(): void {
    const clocks = clocksOf(this.data, this.input.options, this.runningExecs.size);
    this.#surface.showDetails(renderDetails(this.input, this.data, shownClocks(clocks)));
  }

  touch(): void {
    this.data.lastActivityAt = this.now;
  }

  emit(body: EventBody, about: { turnId?: string; eventId?: string } = {}): void {
    this.data.eventCount += 1;
    this.data.pendingEvents.push({
      eventId: about.eventId ?? this.#idOf('own', this.data.eventCount),
      at: this.now,
      generation: this.data.generation,
      ...(about.turnId === undefined ? {} : { turnId: about.turnId }),
      body,
    });
  }

  newCheckpointId(kind: 'snapshot' | 'rewind' | 'fork' = 'snapshot'): string {
    this.data.snapshotCount += 1;
    return this.#idOf(kind, this.data.snapshotCount);
  }

  /**
   * A counter goes back when Temporal resets the workflow to an earlier point, and what the abandoned run stored stays: so
   * the run is in the id.
   */
  #idOf(kind: string, count: number): string {
    return `${kind}-${this.#surface.runName}-${count}`;
  }

  warn(message: string): void {
    this.emit({ type: 'warning', data: { message } });
  }

  /** The next run can take over: between steps, and with nothing under way that it could not know of (I9). */
  get isDone(): boolean {
    const isBetweenSteps = this.loop === 'waiting' && this.runningExecs.size === 0;
    return this.shouldContinueAsNew && isBetweenSteps && this.data.phase.status !== 'starting';
  }

  get shouldContinueAsNew(): boolean {
    return this.#surface.shouldContinueAsNew();
  }

  /** ISO. */
  get now(): string {
    return this.#surface.now();
  }
}
