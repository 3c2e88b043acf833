/**
 * What a push asks for and how it is answered (gitprotocol-pack, "Pushing Data To a Server"). Reads as strictly as git's own
 * server or stricter: a request that could be understood in two ways is malformed.
 */
import { createPacketReader, flushPacket, MalformedPacket, packet } from './pkt-line.ts';

export type PushCommand = { ref: string; before: string; after: string };

export type PushRequest = {
  /** Empty for git's probe before a large push. */
  commands: PushCommand[];
  capabilities: ReadonlySet<string>;
};

/** The request is not one this proxy understands: nothing of it may be passed on. */
export class MalformedPush extends Error {
  override readonly name = 'MalformedPush';
}

export type PushRequestReader = {
  /** Null until the list of commands is complete; what follows it (options, pack) is not looked at. Throws `MalformedPush`. */
  push(chunk: Uint8Array): PushRequest | null;
};

const mostCommandBytes = 1024 * 1024;

export function createPushRequestReader(): PushRequestReader {
  const reader = createPacketReader();
  const request = { commands: new Array<PushCommand>(), capabilities: new Set<string>() };
  let bytes = 0;
  return {
    push(chunk) {
      bytes += chunk.length;
      reader.push(chunk);
      for (let next = readPacket(reader); next !== null; next = readPacket(reader)) {
        if (next.kind === 'flush') return request;
        if (next.kind !== 'data') throw new MalformedPush('a push has only commands before its flush packet');
        addLine(next.payload, request);
      }
      if (bytes > mostCommandBytes) throw new MalformedPush('a push with more than 1 MiB of commands');
      return null;
    },
  };
}

function readPacket(reader: ReturnType<typeof createPacketReader>): ReturnType<typeof reader.next> {
  try {
    return reader.next();
  } catch (error) {
    throw error instanceof MalformedPacket ? new MalformedPush(error.message) : error;
  }
}

function addLine(payload: Buffer, request: { commands: PushCommand[]; capabilities: Set<string> }): void {
  // latin1: every byte keeps its value, whatever the encoding of a ref's name.
  const [line = '', features = ''] = payload.toString('latin1').replace(/\n$/, '').split('\0', 2);
  for (const feature of features.split(' ')) if (feature !== '') request.capabilities.add(feature);
  if (/^shallow [0-9a-f]{40,64}$/.test(line)) return;
  if (line === 'push-cert') throw new MalformedPush('signed pushes are not supported');
  const command = /^([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) (.+)$/s.exec(line);
  const [, before, after, ref] = command ?? [];
  if (before === undefined || after === undefined || ref === undefined || before.length !== after.length) {
    throw new MalformedPush('a line of the push is no command');
  }
  request.commands.push({ ref, before, after });
}

export function isDeletion(command: PushCommand): boolean {
  return /^0+$/.test(command.after);
}

export function isCreation(command: PushCommand): boolean {
  return /^0+$/.test(command.before);
}

/** Whether the client asked to be told what became of each ref. */
export function wantsReport(request: PushRequest): boolean {
  return request.capabilities.has('report-status') || request.capabilities.has('report-status-v2');
}

/** The body of an answer that refuses every command, each with its reason; `said` is shown as the server's own lines. */
export function refusalOf(request: PushRequest, reasons: ReadonlyMap<string, string>, said: string): Buffer {
  const report = Buffer.concat([
    packet('unpack ok\n'),
    ...request.commands.map((command) =>
      packet(Buffer.from(`ng ${command.ref} ${reasons.get(command.ref) ?? 'refused'}\n`, 'latin1')),
    ),
    flushPacket,
  ]);
  if (!isMultiplexed(request)) return report;
  const bands = [packet(band(2, Buffer.from(`${said}\n`)))];
  // The smaller of the two bands' sizes holds for both.
  for (let at = 0; at < report.length; at += 900) bands.push(packet(band(1, report.subarray(at, at + 900))));
  return Buffer.concat([...bands, flushPacket]);
}

function band(number: 1 | 2, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([number]), bytes]);
}

function isMultiplexed(request: PushRequest): boolean {
  return request.capabilities.has('side-band-64k') || request.capabilities.has('side-band');
}

export type PushReportReader = {
  /** Reads the server's answer as it comes; refs it confirmed since the last call. Never throws: what is no report confirms nothing. */
  push(chunk: Uint8Array): string[];
};

export function createPushReportReader(request: PushRequest): PushReportReader {
  const outer = createPacketReader();
  const inner = isMultiplexed(request) ? createPacketReader() : outer;
  let broken = false;
  const demultiplex = (): void => {
    for (let next = outer.next(); next !== null; next = outer.next()) {
      if (next.kind === 'data' && next.payload[0] === 1) inner.push(next.payload.subarray(1));
    }
  };
  return {
    push(chunk) {
      if (broken) return [];
      const confirmed: string[] = [];
      try {
        outer.push(chunk);
        if (inner !== outer) demultiplex();
        for (let next = inner.next(); next !== null; next = inner.next()) {
          const ref =
            next.kind === 'data' ? /^ok (.+?)\n?$/s.exec(next.payload.toString('latin1'))?.[1] : undefined;
          if (ref !== undefined) confirmed.push(ref);
        }
      } catch {
        broken = true;
      }
      return confirmed;
    },
  };
}
