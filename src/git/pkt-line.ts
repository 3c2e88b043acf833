/**
 * Git's packet framing (gitprotocol-common): four hexadecimal digits of length, then that many bytes less four; the lengths
 * 0, 1 and 2 are marks without a payload.
 */

type Packet =
  | { kind: 'data'; payload: Buffer }
  | { kind: 'flush' }
  | { kind: 'delimiter' }
  | { kind: 'response-end' };

/** What was read is not packet framing. */
export class MalformedPacket extends Error {
  override readonly name = 'MalformedPacket';
}

/** The most a packet may hold, its length included. */
const longestPacketBytes = 65_520;

export type PacketReader = {
  /** Appends bytes as they come. */
  push(chunk: Uint8Array): void;
  /** The next whole packet, or null until more bytes came. Throws `MalformedPacket`. */
  next(): Packet | null;
};

export function createPacketReader(): PacketReader {
  let buffer = Buffer.alloc(0);
  return {
    push(chunk) {
      buffer = buffer.length === 0 ? Buffer.from(chunk) : Buffer.concat([buffer, chunk]);
    },
    next() {
      if (buffer.length < 4) return null;
      const length = lengthOf(buffer.toString('latin1', 0, 4));
      const marks = ['flush', 'delimiter', 'response-end'] as const;
      const mark = marks[length];
      if (mark === undefined && buffer.length < length) return null;
      const payload = buffer.subarray(4, length);
      buffer = buffer.subarray(mark === undefined ? length : 4);
      return mark === undefined ? { kind: 'data', payload } : { kind: mark };
    },
  };
}

function lengthOf(digits: string): number {
  const length = /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : -1;
  if (length < 0 || length === 3 || length > longestPacketBytes) {
    throw new MalformedPacket(`${JSON.stringify(digits)} is not the length of a packet`);
  }
  return length;
}

export function packet(payload: string | Uint8Array): Buffer {
  const bytes = Buffer.from(payload);
  const length = (bytes.length + 4).toString(16).padStart(4, '0');
  return Buffer.concat([Buffer.from(length, 'latin1'), bytes]);
}

export const flushPacket = Buffer.from('0000', 'latin1');
export const delimiterPacket = Buffer.from('0001', 'latin1');
