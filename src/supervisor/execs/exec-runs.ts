/** The execs under way. Each runs once, beside turns and each other (I2). */
import type { SupervisorExecRequest } from '../../contracts/supervisor.ts';
import type { Session } from '../start/session.ts';
import type { Settings } from '../settings.ts';
import { runExec } from './exec-run.ts';

export class ExecRuns {
  readonly #settings: Settings;
  readonly #session: Session;
  readonly #running = new Set<Promise<void>>();
  readonly #end = new AbortController();

  constructor(settings: Settings, session: Session) {
    this.#settings = settings;
    this.#session = session;
  }

  /** Starts it unless it is known. */
  request(request: SupervisorExecRequest): void {
    const { recorder, directory, env } = this.#session;
    if (recorder.generation.execs.isKnown(request.execId)) return;
    const run = runExec({
      settings: this.#settings,
      recorder,
      request,
      directory,
      env,
      signal: this.#end.signal,
    });
    this.#running.add(run);
    void run.finally(() => this.#running.delete(run));
  }

  /** Ends all of them and waits for their end. */
  async end(): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#running);
  }
}
