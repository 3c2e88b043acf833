/** Asking a server for a few of its refs in one request: protocol version 2 over HTTP (gitprotocol-v2, gitprotocol-http). */
import { createPacketReader, delimiterPacket, flushPacket, packet } from './pkt-line.ts';

/** The answer is none of the protocol's: another server, an older one, or a page of a portal. */
export class NoRefs extends Error {
  override readonly name = 'NoRefs';
}

/** For `POST <repository>/git-upload-pack`. */
export const lsRefsHeaders: Readonly<Record<string, string>> = {
  'content-type': 'application/x-git-upload-pack-request',
  accept: 'application/x-git-upload-pack-result',
  'git-protocol': 'version=2',
};

/** The server answers with every ref that begins with one of these. */
export function lsRefsRequest(prefixes: readonly string[]): Buffer {
  return Buffer.concat([
    packet('command=ls-refs\n'),
    packet('object-format=sha1'),
    delimiterPacket,
    ...prefixes.map((prefix) => packet(`ref-prefix ${prefix}\n`)),
    flushPacket,
  ]);
}

/** Refs by name, each with its commit. Throws `NoRefs`, `MalformedPacket`. */
export function parseLsRefs(answer: Uint8Array): Map<string, string> {
  const reader = createPacketReader();
  reader.push(answer);
  const refs = new Map<string, string>();
  for (;;) {
    const read = reader.next();
    if (read === null) throw new NoRefs('the list of refs ends in the middle');
    if (read.kind === 'flush') return refs;
    if (read.kind !== 'data') continue;
    const line = read.payload.toString('utf8').trimEnd();
    const [, commit, ref] = /^([0-9a-f]{40}) (\S+)/.exec(line) ?? [];
    if (commit === undefined || ref === undefined)
      throw new NoRefs(`the server answered ${JSON.stringify(line.slice(0, 100))} instead of a ref`);
    refs.set(ref, commit);
  }
}
