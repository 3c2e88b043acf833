/** A started session with the few requests that most tests make. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Steer } from '../../../src/contracts/prompt.ts';
import type {
  InterruptReason,
  JournalRecord,
  StartRequest,
  SupervisorStatus,
  TurnRequest,
} from '../../../src/contracts/supervisor.ts';
import { recordOf, type Followed } from './client.ts';
import { startRequest, turnRequest } from './requests.ts';
import type { Place, RunningSupervisor, World } from './world.ts';

export class TestSession {
  readonly world: World;
  readonly place: Place;
  readonly url: string;
  supervisor: RunningSupervisor;

  private constructor(input: { world: World; place: Place; url: string; supervisor: RunningSupervisor }) {
    this.world = input.world;
    this.place = input.place;
    this.url = input.url;
    this.supervisor = input.supervisor;
  }

  /** A supervisor in a new place, started on a new repository unless `url` names one. */
  static async begin(
    world: World,
    more: Partial<StartRequest> & { url?: string } = {},
  ): Promise<TestSession> {
    const session = await TestSession.prepare(world, more.url);
    const { url: _, ...request } = more;
    recordOf(await session.start(request), 'start.finished');
    return session;
  }

  /** The same without the start. */
  static async prepare(world: World, url?: string): Promise<TestSession> {
    const place = world.createPlace();
    const repository = url ?? world.createRepository(`fruit-${(repositories += 1)}`);
    return new TestSession({ world, place, url: repository, supervisor: await place.start() });
  }

  async start(more: Partial<StartRequest> = {}): Promise<Followed> {
    const from = await this.journalBytes();
    return this.supervisor.client.follow('/start', startRequest(this.world, this.url, { from, ...more }));
  }

  /** Follows from the journal's end. */
  async turn(turnId: string, lines: string[], more: Partial<TurnRequest> = {}): Promise<Followed> {
    const request = turnRequest(turnId, lines.join('\n'), { from: await this.journalBytes(), ...more });
    return this.supervisor.client.follow('/turns', request);
  }

  /** Follows from the beginning, and asks the supervisor nothing before. */
  async turnWithoutStatus(turnId: string, lines: string[]): Promise<Followed> {
    return this.supervisor.client.follow('/turns', turnRequest(turnId, lines.join('\n')));
  }

  async exec(execId: string, argv: string[], more: object = {}): Promise<Followed> {
    const from = await this.journalBytes();
    return this.supervisor.client.follow('/exec', { from, execId, argv, timeoutSeconds: 60, ...more });
  }

  async interrupt(turnId: string, reason?: InterruptReason): Promise<unknown> {
    return this.#ask('/interrupt', { turnId, reason });
  }

  async steer(turnId: string, steer: Steer): Promise<unknown> {
    return this.#ask('/steer', { turnId, steer });
  }

  async #ask(path: string, body: object): Promise<unknown> {
    const { client } = this.supervisor;
    return JSON.parse((await client.request('POST', path, JSON.stringify(body))).body);
  }

  async journalBytes(): Promise<number> {
    return (await this.supervisor.client.status()).journalBytes;
  }

  async journal(): Promise<string> {
    return (await this.supervisor.client.request('GET', '/journal')).body;
  }

  async records(kind: JournalRecord['kind']): Promise<JournalRecord[]> {
    const lines = (await this.journal()).trim().split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as JournalRecord).filter((record) => record.kind === kind);
  }

  async journalHolds(text: string): Promise<void> {
    await expect.poll(async () => this.journal(), { timeout: 90_000 }).toContain(text);
  }

  /** What the agent asked the model in this place, newest last: the conversation as JSON. */
  modelRequests(): string[] {
    return this.world.model.requests
      .filter(({ path }) => path.startsWith('/v1/messages'))
      .map(({ body }) => JSON.stringify(body))
      .filter((body) => body.includes(this.place.workspace) && body.includes('"tools":[{'));
  }

  /** Waits until a request to the model holds that text. */
  async modelAskedFor(text: string): Promise<void> {
    await expect
      .poll(() => this.modelRequests().some((body) => body.includes(text)), { timeout: 90_000 })
      .toBe(true);
  }

  /** Waits for the agent's own file, which it writes a while after it has done what it says. */
  async transcriptHolds(text: string): Promise<void> {
    const folder = join(this.place.home, '.claude/projects');
    const read = (): string =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.jsonl'))
        .map((name) => readFileSync(join(folder, name), 'utf8'))
        .join('');
    await expect.poll(read, { timeout: 90_000 }).toContain(text);
  }

  /** Of the running turn. */
  async state(): Promise<SupervisorStatus['agent']> {
    return (await this.supervisor.client.status()).agent;
  }

  /** What the agent remembers, as the worker keeps it: JSON lines. */
  async transcript(): Promise<string> {
    const entries = (await this.records('transcript')).flatMap((record) =>
      record.kind === 'transcript' && record.batch.subpath === undefined ? record.batch.entries : [],
    );
    return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  }

  /** The carried work of a turn that ended, as the worker fetches it. */
  async bundle(turnId: string, repository: string): Promise<Buffer> {
    return this.supervisor.client.bytes(`/carry?turnId=${turnId}&repository=${repository}`);
  }

  file(path: string): string {
    return readFileSync(join(this.place.workspace, 'fruit', path), 'utf8');
  }
}

let repositories = 0;
