/** A started session with the few requests that most tests make. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { JournalRecord, StartRequest, TurnRequest } from '../../../src/contracts/supervisor.ts';
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

  async interrupt(turnId: string): Promise<unknown> {
    const { client } = this.supervisor;
    return JSON.parse((await client.request('POST', '/interrupt', JSON.stringify({ turnId }))).body);
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

  file(path: string): string {
    return readFileSync(join(this.place.workspace, 'fruit', path), 'utf8');
  }
}

let repositories = 0;
