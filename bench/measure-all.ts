/** One run: every measure after the other, on one worker and one session where nothing else is said. */
import type { Section } from './figures.ts';
import { describeMachine } from './machine.ts';
import { measureDelay } from './measures/delay.ts';
import { measureFirstEvent } from './measures/first-event.ts';
import { measureHandOver } from './measures/hand-over.ts';
import { measureHistory } from './measures/history.ts';
import { measureLifecycles } from './measures/lifecycle.ts';
import { measureMemory } from './measures/memory.ts';
import { measureTakeover } from './measures/takeover.ts';
import type { Plan } from './plan.ts';
import type { Results } from './report.ts';
import type { Scene } from './scene.ts';
import { timeTurn } from './timed-turn.ts';

const notMeasured = ["Modal's cloud: session start and restore (aim: below 5 s) want credentials."];

/** A measure that fails is told in `failures`, and the others go on. */
export async function measureAll(scene: Scene, plan: Plan): Promise<Results> {
  const machine = await describeMachine(scene.temporal);
  await scene.startWorker();
  const harvest = await scene.connect();
  const session = await scene.newSession(harvest);
  // Everything that happens once per process has happened then.
  await timeTurn(scene, session);
  await timeTurn(scene, session);
  const sections: Section[] = [];
  const failures: string[] = [];
  const step = async (name: string, measure: () => Promise<Section | Section[]>): Promise<void> => {
    scene.log(name);
    try {
      sections.push(...[await measure()].flat());
    } catch (error) {
      failures.push(
        `${name} could not be measured: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };
  await step('first agent event', async () => measureFirstEvent(scene, session, plan));
  await step('delay', async () => measureDelay(scene, session, plan));
  await step('start and restore', async () => measureLifecycles(scene, harvest, plan));
  await step('history', async () => measureHistory(scene, session, plan));
  await session.terminate();
  await step('killed workers', async () => measureTakeover(scene, plan));
  await step('hand-overs', async () => measureHandOver(scene, plan));
  await step('worker memory', async () => measureMemory(scene, plan));
  return { machine, sections, notMeasured, failures };
}
