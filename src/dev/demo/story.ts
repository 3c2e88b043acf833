/** The demo's story: every step is checked, and the first that does not hold ends it with a sentence. */
import { EventEmitter, once } from 'node:events';
import type { Harvest, Session } from '../../client.ts';
import type { SessionEvent } from '../../contracts/events.ts';
import { isTurnEnd } from '../../contracts/events.ts';
import { demoNotesFile } from '../demo-repository/story.ts';
import type { Printer } from './print.ts';

export class StoryFailed extends Error {
  override readonly name = 'StoryFailed';
}

export type StoryOptions = {
  harvest: Harvest;
  printer: Printer;
  repository: { url: string; branch: string };
  credentials: { github?: string; claude: string };
  /** Modal's own list of the running sandboxes of this session. */
  runningSandboxes: (sessionId: string) => Promise<string[]>;
  /** What is asked; `word` is to be remembered. */
  prompts: (word: string) => { fix: string; recall: string; long: string; queued: string };
  /** The branch as our own git server has it, for people; null when the repository is somebody else's. */
  showBranch: ((branch: string) => Promise<string>) | null;
  signal: AbortSignal;
};

export async function tell(options: StoryOptions): Promise<void> {
  const { harvest, printer, repository, credentials, signal } = options;
  const word = randomWord();
  const prompts = options.prompts(word);
  printer.step('A session on the repository');
  const session = await harvest.createSession({
    repositories: [repository],
    user: { name: 'Ada Lovelace', email: 'ada@example.com' },
    credentials,
  });
  const story = new Story(session, options);
  const watching = story.watch(signal);
  try {
    await story.fix(prompts.fix);
    await story.pause();
    await story.recall(prompts.recall, word);
    await story.queueAndInterrupt(prompts);
    await story.finish();
  } finally {
    if (!story.closed) await session.terminate().catch(() => undefined);
  }
  await watching;
  story.totals();
}

class Story {
  closed = false;
  readonly #session: Session;
  readonly #options: StoryOptions;
  readonly #seen: SessionEvent[] = [];
  readonly #shown = new EventEmitter();
  readonly #startedAt = performance.now();

  constructor(session: Session, options: StoryOptions) {
    this.#session = session;
    this.#options = options;
  }

  get #printer(): Printer {
    return this.#options.printer;
  }

  async watch(signal: AbortSignal): Promise<void> {
    for await (const event of this.#session.events({ signal })) {
      this.#seen.push(event);
      this.#printer.event(event);
      this.#shown.emit('event');
    }
  }

  async fix(prompt: string): Promise<void> {
    this.#printer.line(`session ${this.#session.id}, branch harvest/${this.#session.id}`);
    this.#printer.step(`Prompt 1: ${prompt}`);
    await this.#completed(prompt, 'fix');
    const pushed = this.#seen.find((event) => event.type === 'git.pushed');
    insist(
      pushed?.data.ref === `refs/heads/harvest/${this.#session.id}`,
      'the agent did not push its branch',
    );
  }

  async pause(): Promise<void> {
    this.#printer.step('Pause: a snapshot, then no sandbox');
    await this.#session.pause();
    await this.#until((event) => event.type === 'session.paused');
    const running = await this.#options.runningSandboxes(this.#session.id);
    insist(running.length === 0, `Modal still runs ${running.join(', ')}`);
    this.#printer.line('Modal lists no sandbox of this session');
  }

  async recall(prompt: string, word: string): Promise<void> {
    this.#printer.step(`Prompt 2, to the paused session: ${prompt}`);
    const { text } = await this.#completed(prompt, 'recall');
    insist(text.includes(word), `the answer does not hold the word "${word}": ${text}`);
    const status = await this.#session.exec(['git', 'status', '--short']);
    insist(
      status.output.includes(demoNotesFile),
      `the uncommitted ${demoNotesFile} is gone: ${status.output}`,
    );
    this.#printer.line(`the conversation still knows "${word}", and ${demoNotesFile} is there, uncommitted`);
  }

  async queueAndInterrupt(prompts: { long: string; queued: string }): Promise<void> {
    this.#printer.step(`Prompt 3: ${prompts.long}`);
    const long = this.#session.prompt(prompts.long, { id: 'long' });
    await this.#until((event) => event.turnId === 'long' && event.type === 'tool.started');
    this.#printer.step(`Prompt 4, queued meanwhile: ${prompts.queued}`);
    const queued = this.#session.prompt(prompts.queued, { id: 'queued' });
    await queued.accepted;
    this.#printer.step('Interrupt prompt 3');
    await this.#session.interrupt('long');
    insist((await long.result()).status === 'interrupted', 'the turn was not interrupted');
    insist((await queued.result()).status === 'completed', 'the queued turn did not complete');
    await this.#until((event) => event.turnId === 'queued' && isTurnEnd(event));
  }

  async finish(): Promise<void> {
    const branch = `harvest/${this.#session.id}`;
    const { showBranch } = this.#options;
    const elsewhere =
      showBranch === null
        ? (await this.#session.exec(['git', 'log', '--oneline', '-5', `origin/${branch}`])).output
        : '';
    this.#printer.step('Terminate');
    await this.#session.terminate();
    this.closed = true;
    this.#printer.line(
      `${branch} on the git server:\n${showBranch === null ? elsewhere : await showBranch(branch)}`,
    );
  }

  totals(): void {
    const ends = this.#seen.filter(isTurnEnd);
    const cost = ends.reduce((sum, event) => sum + event.data.costUsd, 0);
    const tokens = ends.reduce((sum, { data: { usage } }) => sum + usage.inputTokens + usage.outputTokens, 0);
    const seconds = ((performance.now() - this.#startedAt) / 1_000).toFixed(1);
    const contiguous = this.#seen.every((event, index) => event.seq === index + 1);
    insist(contiguous, 'the event log has a gap');
    this.#printer.step('Totals');
    this.#printer.line(
      `${ends.length} turns, ${this.#seen.length} events, ${tokens} tokens, $${cost.toFixed(4)}, ${seconds} s`,
    );
  }

  async #completed(prompt: string, id: string): Promise<{ text: string }> {
    const result = await this.#session.prompt(prompt, { id }).result();
    if (result.status === 'failed') throw new StoryFailed(`turn ${id} failed: ${result.failure.message}`);
    insist(result.status === 'completed', `turn ${id} was ${result.status}`);
    await this.#until((event) => event.turnId === id && isTurnEnd(event));
    return result;
  }

  /** Until what is wanted was shown: a step begins below the events that led to it. */
  async #until(wanted: (event: SessionEvent) => boolean): Promise<void> {
    while (!this.#seen.some(wanted)) await once(this.#shown, 'event', { signal: this.#options.signal });
  }
}

function insist(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new StoryFailed(otherwise);
}

/** Lower-case letters only: what the scripted model looks for in the conversation. */
function randomWord(): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  return Array.from(bytes, (byte) => letters[byte % letters.length]).join('');
}
