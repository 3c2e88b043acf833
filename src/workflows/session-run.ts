/**
 * One run of a session: its data and what only this run needs. Owns every change of the session's state (I1) and the
 * workflow's own events, which travel with the next activity or, when none follows, by the event recorder (I6).
 */
import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { EventBody, OwnEvent } from '../contracts/events.ts';
import { branchOf } from '../contracts/ids.ts';
import { searchAttributes } from '../contracts/search-attributes.ts';
import { repositoryNameOf } from '../contracts/session-input.ts';
import type { SessionInput } from '../contracts/session-input.ts';
import { renderDetails } from './details.ts';
import { newSessionData } from './session-data.ts';
import type { LiveSandbox, Phase, SessionData } from './session-data.ts';

export class SessionRun {
  readonly input: SessionInput;
  readonly data: SessionData;
  /** Execs whose activity runs. */
  readonly runningExecs = new Set<string>();
  /** The turn somebody asked to interrupt; reset when it ended. */
  interruptAsked: string | null = null;
  /** The main loop waits for an activity, so nothing carries the pending events. */
  busy = false;
  recording = false;

  constructor(input: SessionInput, data: SessionData | null) {
    this.input = input;
    this.data = data ?? newSessionData(nowText());
    if (data === null) {
      upsertSearchAttributes([
        { key: searchAttributes.repository, value: input.repositories.map(({ url }) => url) },
        { key: searchAttributes.user, value: input.user.email },
        { key: searchAttributes.state, value: this.data.phase.status },
      ]);
      this.emit({
        type: 'session.created',
        data: { repositories: repositoriesOf(input), user: input.user, branch: branchOf(input.sessionId) },
      });
    }
  }

  get sandbox(): LiveSandbox {
    if (this.data.sandbox === null) throw new TypeError('this step needs a live sandbox');
    return this.data.sandbox;
  }

  /** What an activity in the live sandbox is given. */
  inSandbox(): { sessionId: string; generation: number; sandboxId: string; events: OwnEvent[] } {
    return { ...this.inSession(), generation: this.data.generation, sandboxId: this.sandbox.sandboxId };
  }

  inSession(): { sessionId: string; events: OwnEvent[] } {
    return { sessionId: this.input.sessionId, events: this.takeEvents() };
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
      eventId: about.eventId ?? `own-${this.data.eventCount}`,
      at: nowText(),
      generation: this.data.generation,
      ...(about.turnId === undefined ? {} : { turnId: about.turnId }),
      body,
    });
  }

  takeEvents(): OwnEvent[] {
    return this.data.pendingEvents.splice(0);
  }

  /** History has become long: the next run should take over. */
  get shouldContinueAsNew(): boolean {
    return workflowInfo().continueAsNewSuggested;
  }
}

function nowText(): string {
  return new Date().toISOString();
}

export function repositoriesOf(input: SessionInput): { name: string; url: string; branch: string }[] {
  return input.repositories.map((repository) => ({
    name: repositoryNameOf(repository),
    url: repository.url,
    branch: repository.branch,
  }));
}
