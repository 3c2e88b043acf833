/** The RPCs of images: build, follow, find, delete. */
import type * as z from 'zod';
import { serverStream, unary, type Handlers } from '../rpc/handler.ts';
import { notFound } from '../rpc/rpc-error.ts';
import type { Build, Builder } from '../images/builder.ts';
import { parseDockerfile } from '../images/dockerfile.ts';
import type { ImageStore } from '../images/image-store.ts';
import { resultStatus } from '../sandboxes/result.ts';
import * as requests from './control-plane-requests.ts';
import type { Secrets } from './secrets.ts';

type Parts = { builder: Builder; store: ImageStore; secrets: Secrets };

const successResult = { status: resultStatus.SUCCESS };

export function imageService({ builder, store, secrets }: Parts): Handlers {
  return {
    ImageGetOrCreate: unary(requests.imageGetOrCreate, ({ image, forceBuild, ignoreCache }) => {
      const imageId = builder.start({
        instructions: parseDockerfile(image.dockerfileCommands),
        bases: new Map(image.baseImages.map((base) => [base.dockerTag, base.imageId])),
        secrets: secrets.resolve(image.secretIds),
        force: forceBuild || ignoreCache,
      });
      return builder.runningBuild(imageId) === undefined ? { imageId, result: successResult } : { imageId };
    }),
    ImageJoinStreaming: serverStream(requests.imageJoinStreaming, (request, context) => {
      const build = builder.lastBuild(request.imageId);
      if (build !== undefined) return follow(build, request, context.signal);
      store.get(request.imageId);
      return finished();
    }),
    ImageFromId: unary(requests.imageById, ({ imageId }) => ({ imageId: store.get(imageId).imageId })),
    ImageDelete: unary(requests.imageById, async ({ imageId }) => {
      if (builder.runningBuild(imageId) !== undefined)
        throw notFound(`image ${imageId} is still being built`);
      await store.delete(imageId);
      return {};
    }),
  };
}

async function* finished(): AsyncGenerator<object> {
  yield { result: successResult, eof: true };
}

/** Streams the log from after `lastEntryId` (a byte offset) until the build ends or the time is over; then the caller comes again. */
async function* follow(
  build: Build,
  request: z.output<typeof requests.imageJoinStreaming>,
  signal: AbortSignal,
): AsyncGenerator<object> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(request.timeout * 1000))]);
  const offset = Number.parseInt(request.lastEntryId, 10) || 0;
  for await (const part of build.log.read(offset, limit)) {
    yield {
      taskLogs: [{ data: part.data.toString('utf8') }],
      entryId: String(part.offset + part.data.length),
    };
  }
  if (!build.log.isEnded) return;
  const outcome = await build.outcome;
  yield {
    result: outcome.failure === undefined ? successResult : await failureOf(build, outcome.failure),
    eof: true,
  };
}

const shownLogCharacters = 8_000;

/** The SDK's caller sees only the exception, so it ends with the end of the log. */
async function failureOf(build: Build, failure: string): Promise<object> {
  const log = (await build.log.readAll()).slice(-shownLogCharacters);
  return { status: resultStatus.FAILURE, exception: `${failure}\n${log}` };
}
