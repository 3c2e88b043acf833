/** Talks to a supervisor as the worker does: curl on its socket. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { buffer, text } from 'node:stream/consumers';
import type { EventBody, EventType } from '../../../src/contracts/events.ts';
import {
  journalRecordSchema,
  streamEndSchema,
  type JournalRecord,
  type StreamEnd,
  type SupervisorStatus,
} from '../../../src/contracts/supervisor.ts';

export type Answer = { exitCode: number; body: string };

/** All that a stream brought. `end` is null when it was cut, `error` is set when the request was refused. */
export type Followed = {
  records: JournalRecord[];
  end: StreamEnd | null;
  exitCode: number;
  error: string | null;
  /** Bytes of the records' lines. */
  bytes: number;
};

export class SupervisorClient {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  async request(method: string, path: string, body?: string | Buffer): Promise<Answer> {
    const child = this.#curl(method, path, body);
    const [answer] = await Promise.all([text(child.stdout), once(child, 'close')]);
    return { exitCode: child.exitCode ?? -1, body: answer };
  }

  async bytes(path: string): Promise<Buffer> {
    const child = this.#curl('GET', path);
    const [answer] = await Promise.all([buffer(child.stdout), once(child, 'close')]);
    return answer;
  }

  async status(): Promise<SupervisorStatus> {
    return JSON.parse((await this.request('GET', '/status')).body) as SupervisorStatus;
  }

  /** `onRecord` may return true to cut the stream there. */
  async follow(
    path: string,
    body: object,
    onRecord?: (record: JournalRecord) => boolean | void,
  ): Promise<Followed> {
    const child = this.#curl('POST', path, JSON.stringify(body));
    const closed = once(child, 'close');
    const followed: Followed = { records: [], end: null, exitCode: -1, error: null, bytes: 0 };
    for await (const line of createInterface(child.stdout)) {
      const value = JSON.parse(line) as { kind?: string; error?: string };
      if (value.error !== undefined && value.kind === undefined) followed.error = value.error;
      else if (value.kind === 'stream.alive') continue;
      else if (value.kind === 'stream.end') followed.end = streamEndSchema.parse(value);
      else {
        const record = journalRecordSchema.parse(value);
        followed.records.push(record);
        followed.bytes += Buffer.byteLength(line) + 1;
        if (onRecord?.(record) === true) child.kill('SIGTERM');
      }
    }
    await closed;
    followed.exitCode = child.exitCode ?? -1;
    return followed;
  }

  #curl(method: string, path: string, body?: string | Buffer) {
    const args = ['-sN', '--fail-with-body', '--unix-socket', this.#socket, '-X', method];
    const data = body === undefined ? [] : ['--data-binary', '@-'];
    const child = spawn('curl', [...args, ...data, `http://supervisor${path}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(body ?? '');
    return child;
  }
}

type DataOf<T extends EventType> = Extract<EventBody, { type: T }>['data'];

export function eventsOf<T extends EventType>({ records }: Pick<Followed, 'records'>, type: T): DataOf<T>[] {
  const data: DataOf<T>[] = [];
  for (const record of records) {
    if (record.kind === 'event' && record.event.type === type) data.push(record.event.data as DataOf<T>);
  }
  return data;
}

export function recordOf<K extends JournalRecord['kind']>(
  followed: Pick<Followed, 'end'>,
  kind: K,
): Extract<JournalRecord, { kind: K }> {
  const record = followed.end?.record;
  if (record?.kind !== kind) throw new Error(`the stream ended with ${JSON.stringify(record ?? null)}`);
  return record as Extract<JournalRecord, { kind: K }>;
}
