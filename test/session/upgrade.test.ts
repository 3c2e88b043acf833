/** Builds of the workflows side by side: what docs/upgrades.md promises, with its own commands. */
import { randomBytes } from 'node:crypto';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Session } from '../../src/client.ts';
import type { SessionEvent } from '../../src/contracts/events.ts';
import type { StackWorker } from '../../src/dev/stack/worker-process.ts';
import { count, eventually, expectWholeLog, readLog } from '../support/log-checks.ts';
import { sharedStack } from '../support/stack.ts';
import { openWorld } from '../support/world.ts';
import type { World } from '../support/world.ts';
import { lastAttempts } from './support/attempts.ts';
import { runDocumented } from './support/documented-commands.ts';
import { bundleNextBuild, changeOfNextBuild } from './support/next-build.ts';
import type { NextBuild } from './support/next-build.ts';

/** Runs until somebody makes the file `go`. */
const waiting = '!bash echo line >> begun.txt; until test -e go; do sleep 0.1; done\n!say went';

let nextBuild: NextBuild;
beforeAll(async () => {
  nextBuild = await bundleNextBuild();
});
afterAll(async () => nextBuild[Symbol.asyncDispose]());

/** The deployment that one world's workers belong to. */
class Deployment {
  readonly #name = `harvest-${randomBytes(4).toString('hex')}`;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  async startWorker(buildId: string, bundle?: string): Promise<StackWorker> {
    return this.#world.startWorker({
      HARVEST_DEPLOYMENT: this.#name,
      HARVEST_BUILD_ID: buildId,
      ...(bundle === undefined ? {} : { HARVEST_WORKFLOW_BUNDLE: bundle }),
    });
  }

  async run(words: readonly string[], about: { buildId?: string; session?: Session } = {}): Promise<string> {
    return runDocumented(words, {
      HARVEST_DEPLOYMENT: this.#name,
      HARVEST_BUILD_ID: about.buildId ?? '',
      SESSION: about.session?.id ?? '',
    });
  }

  /** Refused until the build's workers have polled. */
  async makeCurrent(buildId: string): Promise<void> {
    const words = ['set-current-version', '--build-id'];
    await eventually(
      () =>
        this.run(words, { buildId }).then(
          () => 'done',
          (error: unknown) => String(error),
        ),
      (answer) => answer === 'done',
    );
  }
}

async function untilToolRuns(session: Session): Promise<void> {
  for await (const event of session.events()) if (event.type === 'tool.started') return;
}

async function say(session: Session, id: string): Promise<void> {
  const said = await session.prompt(`!say ${id}`, { id }).result();
  expect(said).toMatchObject({ status: 'completed', text: id });
}

function expectUndisturbed(events: readonly SessionEvent[]): void {
  expectWholeLog(events);
  expect(
    count(events, 'turn.continued') + count(events, 'turn.restarted') + count(events, 'sandbox.lost'),
  ).toBe(0);
}

describe('a session', () => {
  test('that began on one build finishes its turn there and goes on under the next one', async () => {
    await using world = await openWorld({ worker: false });
    const deployment = new Deployment(world);
    await deployment.startWorker('1');
    const session = await world.session();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    // Started and scheduled, and nobody takes it: no build is the current one.
    expect(await world.historyLength(session.id)).toBe(2);
    await deployment.makeCurrent('1');
    await say(session, 'before');
    const turn = session.prompt(waiting, { id: 'wait' });
    await untilToolRuns(session);
    await deployment.startWorker('2', nextBuild.path);
    await deployment.makeCurrent('2');
    await session.exec(['touch', 'go']);
    expect(await turn.result()).toMatchObject({ status: 'completed', text: 'went' });
    await say(session, 'after');

    const attempts = await lastAttempts(world, session.id);
    expect(Object.fromEntries(attempts)).toMatchObject({
      'turn before: !say before': { attempt: 1, buildId: '1' },
      [`turn wait: ${waiting.replace('\n', ' ')}`]: { attempt: 1, buildId: '1' },
      'exec touch go': { attempt: 1, buildId: '2' },
      'turn after: !say after': { attempt: 1, buildId: '2' },
    });
    expect(await deployment.run(['workflow', 'describe'], { session })).toMatch(/BuildId +2\n/);
    const events = await readLog(session);
    expectUndisturbed(events);
    const told = events.filter(({ type, data }) => type === 'warning' && data.message === changeOfNextBuild);
    expect(told).toHaveLength(1);
    // What began on one build and went on under the next one is a history of the next one only.
    const history = await world.history(session.id);
    await Worker.runReplayHistory({ workflowBundle: { codePath: nextBuild.path } }, history);
    const { workflowBundle: codePath } = sharedStack();
    await expect(Worker.runReplayHistory({ workflowBundle: { codePath } }, history)).rejects.toThrow(
      /[Nn]ondeterminism/,
    );
  });

  test('whose worker is stopped in mid-turn hands the turn over to the next build', async () => {
    await using world = await openWorld({ worker: false });
    const deployment = new Deployment(world);
    const first = await deployment.startWorker('1');
    await deployment.makeCurrent('1');
    const session = await world.session();
    const turn = session.prompt(waiting, { id: 'wait' });
    await untilToolRuns(session);
    await deployment.startWorker('2', nextBuild.path);
    await deployment.makeCurrent('2');
    await first.stop();
    await session.exec(['touch', 'go']);
    expect(await turn.result()).toMatchObject({ status: 'completed', text: 'went' });
    expect((await session.exec(['cat', 'begun.txt'])).output).toBe('line\n');
    await say(session, 'after');
    expectUndisturbed(await readLog(session));
    const attempts = await lastAttempts(world, session.id);
    expect(attempts.get(`turn wait: ${waiting.replace('\n', ' ')}`)).toMatchObject({ buildId: '2' });
  });

  test('that began on a worker without a build comes to one, can be kept on it, and goes back', async () => {
    await using world = await openWorld({ worker: false });
    const deployment = new Deployment(world);
    // Temporal writes down who ran an activity when it has ended.
    const buildOf = async (session: Session, id: string): Promise<string | undefined> =>
      eventually(
        async () => (await lastAttempts(world, session.id)).get(`turn ${id}: !say ${id}`)?.buildId,
        (buildId) => buildId !== undefined,
      );
    const withoutBuild = await world.startWorker();
    const [session, kept] = [await world.session(), await world.session()];
    await Promise.all([say(session, 'first'), say(kept, 'first')]);
    expect(await buildOf(session, 'first')).toMatch(/^@temporalio/);

    await deployment.startWorker('1');
    await deployment.makeCurrent('1');
    await withoutBuild.stop();
    await Promise.all([say(session, 'second'), say(kept, 'second')]);
    expect([await buildOf(session, 'second'), await buildOf(kept, 'second')]).toEqual(['1', '1']);

    await deployment.run(['update-options', 'pinned'], { session: kept, buildId: '1' });
    await deployment.startWorker('2');
    await deployment.makeCurrent('2');
    await Promise.all([say(session, 'third'), say(kept, 'third')]);
    expect([await buildOf(session, 'third'), await buildOf(kept, 'third')]).toEqual(['2', '1']);

    await deployment.run(['update-options', 'unspecified'], { session: kept });
    await world.startWorker();
    await deployment.run(['set-current-version', '--unversioned']);
    await Promise.all([say(session, 'fourth'), say(kept, 'fourth')]);
    expect(await buildOf(session, 'fourth')).toMatch(/^@temporalio/);
    expect(await buildOf(kept, 'fourth')).toMatch(/^@temporalio/);
    for (const each of [session, kept]) expectUndisturbed(await readLog(each));
  });
});
