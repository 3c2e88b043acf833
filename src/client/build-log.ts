/** The log of one build: the same while it runs and afterwards, also when its set was removed. */
import type { SessionEvent } from '../contracts/index.ts';
import type { RepoImageReader } from '../store/images-port.ts';
import type { BuildCalls } from './build-calls.ts';
import { BuildNotFound } from './errors.ts';
import type { SessionLog } from './session-log.ts';
import { storeAnswer } from './store-answer.ts';

type Follow = Parameters<SessionLog['follow']>[0];

/** Ends with the build. Throws `BuildNotFound`, `StoreUnavailable`, and `HarvestClosed`. */
export async function* followBuild(
  build: { setId: string; number: number; images: RepoImageReader; log: SessionLog },
  follow: Follow,
): AsyncGenerator<SessionEvent, void> {
  const { setId, number, images, log } = build;
  const known = await storeAnswer(images.list(setId));
  if (!known.some((image) => image.number === number)) throw new BuildNotFound(setId, number);
  yield* untilBuildFinished(log.follow(follow));
}

/** Builds of a set follow each other: one that a newer one follows is over, however it ended. */
export async function isBuildOpen(
  calls: BuildCalls,
  { number, images }: { number: number; images: RepoImageReader },
): Promise<boolean> {
  const [newest] = await storeAnswer(images.list(calls.setId));
  return newest?.number === number && (await calls.isOpen());
}

export async function* untilBuildFinished(
  events: AsyncIterable<SessionEvent>,
): AsyncGenerator<SessionEvent, void> {
  for await (const event of events) {
    yield event;
    if (event.type === 'build.finished') return;
  }
}
