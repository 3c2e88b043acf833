/** What session and turn are doing, from their event log alone. Pure. */
import type { SessionEvent } from '../../src/client.ts';

/** Session's state, and in a turn what the agent does. */
export class SituationReader {
  #session = 'none';
  #turn = 'none';
  #execs = 0;

  get state(): string {
    if (this.#session === 'running') return `running/${this.#turn}`;
    return this.#execs > 0 ? `${this.#session}/exec` : this.#session;
  }

  read({ type }: Pick<SessionEvent, 'type'>): void {
    const session = sessionStates[type];
    if (session !== undefined) this.#session = session;
    const turn = turnStates[type];
    if (turn !== undefined) this.#turn = turn;
    if (type === 'exec.started') this.#execs += 1;
    if (type === 'exec.finished') this.#execs = Math.max(0, this.#execs - 1);
  }
}

const sessionStates: Partial<Record<SessionEvent['type'], string>> = {
  'session.created': 'starting',
  'session.ready': 'idle',
  'turn.started': 'running',
  'turn.completed': 'idle',
  'turn.interrupted': 'idle',
  'turn.failed': 'idle',
  'session.pausing': 'pausing',
  'session.paused': 'paused',
  'session.resuming': 'resuming',
  'session.closed': 'closed',
};

const turnStates: Partial<Record<SessionEvent['type'], string>> = {
  'turn.started': 'started',
  'agent.text.delta': 'speaking',
  'tool.started': 'tool',
  'tool.finished': 'thinking',
  'turn.interrupting': 'interrupting',
};
