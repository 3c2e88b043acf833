/** Reading a push before anything of it is passed on. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { PushRefusal } from '../../git/push-rule.ts';
import {
  createPushRequestReader,
  MalformedPush,
  type PushCommand,
  type PushRequest,
  wantsReport,
} from '../../git/receive-pack.ts';

export type GatedPush = {
  request: PushRequest;
  /** Null when the push may go on. */
  refusal: PushRefusal | null;
  /** The whole request from its first byte, decompressed: what is sent on is what was read. */
  body: Readable;
};

type Judge = (commands: readonly PushCommand[]) => Promise<PushRefusal | null>;

/** Resolves when the commands are read and judged: nothing behind them is read before. Rejects with `MalformedPush`. */
export async function gatePush(request: IncomingMessage, judge: Judge): Promise<GatedPush> {
  const decoded = decodedBody(request);
  const reader = createPushRequestReader();
  const body = new PassThrough();
  for await (const chunk of decoded.iterator({ destroyOnReturn: false })) {
    body.write(chunk);
    const pushed = reader.push(chunk as Buffer);
    if (pushed === null) continue;
    decoded.once('error', (error) => body.destroy(error));
    body.on('error', ignore);
    const refusal = await refusalOf(pushed, judge);
    if (body.errored !== null) throw body.errored;
    decoded.pipe(body);
    return { request: pushed, refusal, body };
  }
  throw new MalformedPush('the push ends before its commands do');
}

function decodedBody(request: IncomingMessage): Readable {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return request;
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw new MalformedPush(`a push encoded as ${encoding.slice(0, 50)}`);
  }
  const gunzip = createGunzip();
  request.once('error', (error) => gunzip.destroy(error));
  request.once('close', () => {
    if (!request.complete) gunzip.destroy(new Error('the request was cut'));
  });
  return request.pipe(gunzip);
}

async function refusalOf(push: PushRequest, judge: Judge): Promise<PushRefusal | null> {
  const [first] = push.commands;
  if (first === undefined) return null;
  // Without a report nobody could be told what was pushed; options can ask a server for much more than a push.
  if (!wantsReport(push)) throw new MalformedPush('a push without report-status');
  // A server does one after the other, and its report would not say which of them it did.
  const refs = new Set(push.commands.map(({ ref }) => ref));
  if (refs.size < push.commands.length) throw new MalformedPush('a push that names a ref twice');
  if (push.capabilities.has('push-options')) {
    return { ref: first.ref, reason: 'push options are not allowed in this session' };
  }
  return judge(push.commands);
}

/** Reads the rest of a request that is refused: a client that is still sending would not read the answer. */
export async function drain(body: Readable): Promise<void> {
  body.resume();
  if (!body.readableEnded && !body.destroyed) await once(body, 'close');
}

function ignore(): void {
  // Who reads the body hears of it too, and nobody does while the push is judged.
}
