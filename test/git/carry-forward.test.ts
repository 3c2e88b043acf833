import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isCheckpointOf, judgeUpdate } from '../../src/git/carry-forward.ts';
import { branchKey, type PushLedger, type Standing, withPush } from '../../src/git/push-ledger.ts';

const none = '0'.repeat(40);
const id = (digit: string): string => digit.repeat(40);
const ownBranch = 'harvest/s1';
const own = `refs/heads/${ownBranch}`;

type Judged = { ref?: string; before?: string; after?: string; standing?: Standing };

const judge = ({ ref = own, before = none, after = id('a'), standing }: Judged): string => {
  const verdict = judgeUpdate({ command: { ref, before, after }, ownBranch, standing });
  if (verdict.kind === 'refused') return `refused: ${verdict.reason}`;
  return verdict.kind === 'allowed' ? 'allowed' : `keeps ${verdict.keeps[0]}: ${verdict.otherwise}`;
};

const elsewhere = 'refs/heads/harvest/other';
const checkpoint = 'refs/heads/harvest/checkpoint-s1-1764000000';

test.each<[string, Judged, RegExp]>([
  ['a new branch', {}, /^allowed$/],
  ['a new branch of another name', { ref: elsewhere }, /^allowed$/],
  ['another branch: only forward', { ref: elsewhere, before: id('b') }, /^keeps b: only harvest\/s1 may be/],
  [
    'another branch that this session made: only forward',
    { ref: elsewhere, before: id('b'), standing: { value: id('b'), foreign: null } },
    /^keeps b/,
  ],
  ['its own branch, never pushed here', { before: id('b') }, /^keeps b: the server has bbbbbbbbbb here/],
  [
    'its own branch, as it left it',
    { before: id('b'), standing: { value: id('b'), foreign: null } },
    /^allowed$/,
  ],
  [
    'its own branch, with commits of others below its own',
    { before: id('b'), standing: { value: id('b'), foreign: id('c') } },
    /^keeps c: commits of others/,
  ],
  [
    'its own branch, moved by others since',
    { before: id('d'), standing: { value: id('b'), foreign: null } },
    /^keeps d: the server has dddddddddd here/,
  ],
  ['main', { ref: 'refs/heads/main' }, /^refused: only branches below .* push to harvest\/s1 instead$/],
  ['a tag', { ref: 'refs/tags/v1' }, /^refused: tags .* push the commit to harvest\/s1 instead$/],
  ['a tag below harvest', { ref: 'refs/tags/harvest/s1' }, /^refused: tags/],
  [
    'deleting its own branch',
    { before: id('b'), after: none, standing: { value: id('b'), foreign: null } },
    /^refused: branches are not deleted/,
  ],
  [
    'deleting its own checkpoint',
    { ref: checkpoint, before: id('b'), after: none, standing: { value: id('b'), foreign: null } },
    /^allowed$/,
  ],
  [
    'deleting a checkpoint it did not make',
    { ref: checkpoint, before: id('b'), after: none },
    /^refused: this checkpoint is not what/,
  ],
  [
    'deleting a checkpoint with commits of others',
    { ref: checkpoint, before: id('b'), after: none, standing: { value: id('b'), foreign: id('c') } },
    /^refused: this checkpoint is not what/,
  ],
])('%s', (_name, judged, expected) => {
  expect(judge(judged)).toMatch(expected);
});

test.each([
  ['refs/heads/harvest/checkpoint-s1-1764000000', true],
  ['refs/heads/harvest/checkpoint-s1-', false],
  ['refs/heads/harvest/checkpoint-s1-1-1764000000', false],
  ['refs/heads/harvest/checkpoint-s11-1764000000', false],
  ['refs/heads/harvest/checkpoint-s1-1764000000/x', false],
  ['refs/heads/checkpoint-s1-1764000000', false],
])('%s is a checkpoint of harvest/s1: %s', (ref, expected) => {
  expect(isCheckpointOf(ownBranch, ref)).toBe(expected);
});

/** A server with one branch, and the parents of every commit. The session may ask for anything, and lie about the old value. */
class World {
  readonly parents: number[][] = [[]];
  /** Commits that others brought to the branch and that are to stay. */
  foreign = new Set<number>();
  /** Those that the session brought first: when others take them away and put them back, they are still the session's. */
  readonly mine = new Set<number>();
  head = 0;
  ledger: PushLedger = new Map();

  constructor() {
    this.foreign.add(0);
  }

  commit(parents: number[]): number {
    return this.parents.push(parents.map((parent) => parent % this.parents.length)) - 1;
  }

  history(from: number): Set<number> {
    const seen = new Set<number>();
    const waiting = [from];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      waiting.push(...(this.parents[next] ?? []));
    }
    return seen;
  }

  foreignMove(to: number): void {
    const before = this.history(this.head);
    const after = this.history(to);
    // What others bring is theirs; what they drop they may drop.
    const brought = [...after].filter((commit) => !before.has(commit) && !this.mine.has(commit));
    this.foreign = new Set([...this.foreign, ...brought].filter((commit) => after.has(commit)));
    this.head = to;
  }

  sessionPush(said: number, to: number): 'refused' | 'moved' {
    const command = { ref: own, before: nameOf(said), after: nameOf(to) };
    const standing = this.ledger.get(branchKey({ repository: 'p', ref: own }));
    const verdict = judgeUpdate({ command, ownBranch, standing });
    if (verdict.kind === 'refused') return 'refused';
    const keeps = verdict.kind === 'depends' ? Number.parseInt(verdict.keeps, 16) - 1 : null;
    if (keeps !== null && !this.history(to).has(keeps)) return 'refused';
    // The server compares the old value itself.
    if (said !== this.head) return 'refused';
    const before = this.history(said);
    for (const commit of this.history(to)) if (!before.has(commit)) this.mine.add(commit);
    this.head = to;
    this.ledger = withPush(this.ledger, { repository: 'p', command });
    return 'moved';
  }
}

const nameOf = (commit: number): string => (commit + 1).toString(16).padStart(40, '0');

describe('whatever session and others push in whatever order', () => {
  const number = fc.nat({ max: 30 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('commit' as const), parents: fc.array(number, { maxLength: 2 }) }),
    fc.record({ kind: fc.constant('others' as const), to: number }),
    fc.record({ kind: fc.constant('session' as const), to: number }),
    fc.record({ kind: fc.constant('on-top' as const), by: fc.constantFrom('others', 'session') }),
    fc.record({ kind: fc.constant('lie' as const), said: number, to: number }),
  );

  test('no commit of others is lost by a push of the session', () => {
    let rewritten = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 3, maxLength: 40 }), (steps) => {
        const world = new World();
        for (const next of steps) {
          const count = world.parents.length;
          const [before, kept] = [world.head, [...world.foreign]];
          if (next.kind === 'commit') world.commit(next.parents);
          else if (next.kind === 'others') world.foreignMove(next.to % count);
          else if (next.kind === 'on-top' && next.by === 'others')
            world.foreignMove(world.commit([world.head]));
          else {
            if (next.kind === 'lie') world.sessionPush(next.said % count, next.to % count);
            else
              world.sessionPush(
                world.head,
                next.kind === 'session' ? next.to % count : world.commit([world.head]),
              );
            if (!world.history(world.head).has(before)) rewritten += 1;
            expect([...world.history(world.head)]).toEqual(expect.arrayContaining(kept));
          }
        }
      }),
      { numRuns: 2_000 },
    );
    // Otherwise the rule could be one that refuses everything.
    expect(rewritten).toBeGreaterThan(50);
  });
});
