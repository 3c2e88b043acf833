/** The build of an image, as its caller sees it. */
import type { BuildResult } from '../contracts/build.ts';
import type { SessionEvent } from '../contracts/index.ts';
import type { RepositorySet } from '../contracts/repository-set.ts';
import type { BuildCalls } from './build-calls.ts';
import { untilBuildFinished } from './build-log.ts';
import { LazyPromise, mayBeIgnored } from './lazy-promise.ts';
import type { SessionLog } from './session-log.ts';

type Parts = {
  calls: BuildCalls;
  force: boolean;
  taskQueue: string;
  /** Rejects with `RepositorySetNotFound`. */
  findSet: () => Promise<RepositorySet>;
  logOf: (number: number, isOpen: () => Promise<boolean>) => SessionLog;
};

/**
 * Awaited it is the result: `built`, or `kept` when there was nothing to build. Iterated it is the build's log as it comes, up
 * to `build.finished`; each iteration begins with the first event, and ending the loop early leaves the build running. A
 * build that was kept has no log. Both reject with what `accepted` rejects with, `BuildFailed` (a log that says so ends with
 * `build.finished` instead), and `HarvestClosed`.
 */
export class ImageBuild extends LazyPromise<BuildResult> implements AsyncIterable<SessionEvent> {
  readonly setId: string;
  /**
   * Resolves when Temporal recorded the start; no worker is needed. Rejects with `RepositorySetNotFound`,
   * `StoreUnavailable`, `TemporalUnreachable`, or `NoAnswer`: repeat it then, a build that runs is attached to.
   */
  readonly accepted: Promise<void>;
  readonly #run: Promise<string>;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    const run = mayBeIgnored(start(parts));
    super(async () => parts.calls.resultOf(await run));
    this.setId = parts.calls.setId;
    this.accepted = mayBeIgnored(run.then(() => undefined));
    this.#run = run;
    this.#parts = parts;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SessionEvent, void> {
    const { calls, logOf } = this.#parts;
    const run = await this.#run;
    const number = (await calls.numberOf(run)) ?? numberIn(await calls.resultOf(run));
    if (number === null) return;
    const log = logOf(number, async () => calls.isOpen(run));
    for await (const event of untilBuildFinished(log.follow({ after: 0 }))) {
      yield event;
      if (event.type === 'build.finished') return;
    }
    // Over, and the log does not say how: its workflow does.
    await calls.resultOf(run);
  }
}

async function start({ calls, findSet, force, taskQueue }: Parts): Promise<string> {
  return calls.start(await findSet(), { force, taskQueue });
}

function numberIn(result: BuildResult): number | null {
  return result.kind === 'built' ? result.number : null;
}
