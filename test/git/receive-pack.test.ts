import { describe, expect, test } from 'vitest';
import { createPacketReader, flushPacket, packet } from '../../src/git/pkt-line.ts';
import { isHarvestBranch } from '../../src/git/push-rule.ts';
import {
  createPushReportReader,
  createPushRequestReader,
  MalformedPush,
  type PushRequest,
  refusalOf,
} from '../../src/git/receive-pack.ts';

const none = '0'.repeat(40);
const commit = 'a'.repeat(40);
const command = (ref: string): string => `${none} ${commit} ${ref}`;

function readRequest(bytes: Buffer, step = bytes.length): PushRequest | null {
  const reader = createPushRequestReader();
  for (let at = 0; at < bytes.length; at += step) {
    const request = reader.push(bytes.subarray(at, at + step));
    if (request !== null) return request;
  }
  return null;
}

const pushOf = (...lines: string[]): Buffer =>
  Buffer.concat([...lines.map((line) => packet(line)), flushPacket]);

describe('a push', () => {
  const bytes = Buffer.concat([
    pushOf(
      `shallow ${commit}`,
      `${command('refs/heads/a')}\0report-status side-band-64k agent=git/2`,
      `${command('refs/heads/b')}\n`,
    ),
    Buffer.from('PACK and whatever follows 0000'),
  ]);

  test.each([1, 3, 64, 10_000])('is read from pieces of %i bytes', (step) => {
    const request = readRequest(bytes, step);
    expect(request?.commands).toEqual([
      { ref: 'refs/heads/a', before: none, after: commit },
      { ref: 'refs/heads/b', before: none, after: commit },
    ]);
    expect([...(request?.capabilities ?? [])]).toEqual(['report-status', 'side-band-64k', 'agent=git/2']);
  });

  test('may be a probe without commands', () => {
    expect(readRequest(flushPacket)).toMatchObject({ commands: [] });
  });

  test('is not understood until its commands are complete', () => {
    expect(readRequest(bytes.subarray(0, 60))).toBeNull();
  });

  test.each([
    ['a length that is no number', Buffer.from('zzzzhello')],
    ['a length of three', Buffer.from('0003')],
    ['an empty command', Buffer.from('0004')],
    ['a packet longer than git allows', Buffer.from('fff9')],
    ['ids in capitals', pushOf(command('refs/heads/a').toUpperCase())],
    ['a certificate', pushOf('push-cert\0report-status')],
    [
      'endless commands',
      Buffer.concat(Array.from({ length: 20 }, () => packet(command(`refs/heads/${'x'.repeat(60_000)}`)))),
    ],
  ])('with %s is malformed', (_name, bytes) => {
    expect(() => readRequest(bytes)).toThrow(MalformedPush);
  });
});

describe('a branch below harvest/', () => {
  test.each([
    'refs/heads/harvest/s1',
    'refs/heads/harvest/a/b.c',
    'refs/heads/harvest/fix#12',
    'refs/heads/harvest/\u00c3\u00a4',
  ])('is %s', (name) => {
    expect(isHarvestBranch(name)).toBe(true);
  });
  test.each([
    'refs/heads/main',
    'refs/heads/harvest',
    'refs/heads/harvest/',
    'refs/heads/harvest/../main',
    'refs/heads/harvest/a/../../main',
    'refs/heads/harvest//a',
    'refs/heads/harvest/a.lock',
    'refs/heads/harvest/a b',
    'refs/heads/harvest/a\nrefs/heads/main',
    'refs/heads/harvest/a:b',
    'refs/heads/Harvest/a',
    'refs/tags/harvest/a',
    'refs/for/harvest/a',
    'harvest/a',
  ])('is not %j', (name) => {
    expect(isHarvestBranch(name)).toBe(false);
  });
});

describe('the report', () => {
  const request = (...capabilities: string[]): PushRequest => ({
    commands: [{ ref: 'refs/heads/a', before: none, after: commit }],
    capabilities: new Set(['report-status', ...capabilities]),
  });
  const report = pushOf('unpack ok\n', 'ok refs/heads/a\n', 'ng refs/heads/b no\n');
  const inBands = (step: number): Buffer => {
    const bands: Buffer[] = [packet(Buffer.from('\u0002said: ok refs/heads/trick\n'))];
    for (let at = 0; at < report.length; at += step) {
      bands.push(packet(Buffer.concat([Buffer.from([1]), report.subarray(at, at + step)])));
    }
    return Buffer.concat([...bands, flushPacket]);
  };

  test.each([1, 7, 1_000])(
    'is read from bands of %i bytes, and what is only said is not part of it',
    (step) => {
      const reader = createPushReportReader(request('side-band-64k'));
      const bytes = inBands(step);
      const confirmed = [...bytes].flatMap((_byte, at) => reader.push(bytes.subarray(at, at + 1)));
      expect(confirmed).toEqual(['refs/heads/a']);
    },
  );

  test('is read without bands too', () => {
    expect(createPushReportReader(request()).push(report)).toEqual(['refs/heads/a']);
  });

  test('that is none confirms nothing', () => {
    const reader = createPushReportReader(request());
    expect([reader.push(Buffer.from('<html>ok refs/heads/a')), reader.push(report)]).toEqual([[], []]);
  });

  test('of a refusal is one that git reads as such', () => {
    const body = refusalOf(request('side-band-64k'), new Map([['refs/heads/a', 'because']]), 'Said.');
    const reader = createPacketReader();
    reader.push(body);
    const said = reader.next();
    expect(said).toMatchObject({ kind: 'data', payload: Buffer.from('\u0002Said.\n') });
    expect(body.toString()).toContain('ng refs/heads/a because\n');
  });
});
