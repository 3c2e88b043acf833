/** Going back, and going two ways: files, conversation, cost and git heads are those of the checkpoint. */
import { expect, test } from 'vitest';
import type { Session } from '../../src/client.ts';
import { expectWholeLog, readLog } from '../support/log-checks.ts';
import { sharedStack } from '../support/stack.ts';
import { openWorld } from '../support/world.ts';

const change = (word: string): string =>
  `Remember the word "${word}".\n!bash echo ${word} >> words.txt; git add -A; git commit -qm ${word}; git push -q origin HEAD; echo ${word} > loose.txt\n!say noted`;

async function filesOf(session: Session): Promise<string> {
  const { output } = await session.exec([
    'sh',
    '-c',
    'cat words.txt loose.txt; git log -1 --format=%s; git status --short',
  ]);
  return output;
}

async function lastWord(session: Session): Promise<string> {
  const result = await session.prompt('Which word?\n!recall word "([a-z]+)"').result();
  return 'text' in result ? result.text : '';
}

const afterOne = 'one\none\none\n?? loose.txt\n';
// The second commit has taken the file in, as it was after the first.
const afterTwo = 'one\ntwo\ntwo\ntwo\n M loose.txt\n';

test('a rewind brings back files, conversation, cost and git head, with and without a snapshot', async () => {
  await using world = await openWorld();
  const session = await world.session();
  const first = await session.prompt(change('one'), { id: 'one' }).result();
  const costUsd = 'costUsd' in first ? first.costUsd : 0;
  expect(costUsd).toBeGreaterThan(0);
  await session.prompt(change('two'), { id: 'two' }).result();
  expect(await filesOf(session)).toBe(afterTwo);
  const { checkpointId } = await session.checkpoint();

  await session.rewind('turn-one');
  const rewound = await session.state();
  expect(rewound.costUsd).toBeCloseTo(costUsd, 10);
  expect(rewound.spentUsd).toBeGreaterThan(costUsd);
  expect(await filesOf(session)).toBe(afterOne);
  expect(await lastWord(session)).toContain('one');

  // And forward again: nothing was taken away by going back.
  await session.rewind(checkpointId ?? '');
  expect(await filesOf(session)).toBe(afterTwo);
  expect(await lastWord(session)).toContain('two');

  // What is done after a rewind is kept like anything else.
  await session.rewind('turn-one');
  await session.prompt(change('three'), { id: 'three' }).result();
  await session.pause();
  expect(await lastWord(session)).toContain('three');
  expect(await filesOf(session)).toBe('one\nthree\nthree\nthree\n M loose.txt\n');
  expectWholeLog(await readLog(session));
});

test.each([
  ['a turn', async () => ({ checkpointId: 'turn-one' })],
  ['a snapshot', async (source: Session) => source.checkpoint()],
])(
  'a fork from the checkpoint of %s goes its own way, and its source stays as it is',
  async (_, checkpointOf) => {
    await using world = await openWorld();
    const { git, model } = sharedStack();
    const source = await world.session();
    await source.prompt(change('one'), { id: 'one' }).result();
    const { checkpointId } = await checkpointOf(source);
    await source.prompt(change('two'), { id: 'two' }).result();
    const before = await readLog(source);
    await using fork = await source.fork({
      checkpointId: checkpointId ?? '',
      credentials: { github: git.token, claude: model.credential },
    });
    expect(await lastWord(fork)).toContain('one');
    expect(await filesOf(fork)).toBe(afterOne);
    await fork.prompt(change('three'), { id: 'three' }).result();
    const head = await fork.exec(['git', 'branch', '--show-current']);
    expect(head.output.trim()).toBe(`harvest/${fork.id}`);
    expect(await filesOf(source)).toBe(afterTwo);
    expect((await readLog(source)).slice(0, before.length)).toEqual(before);
    expect((await source.state()).generation).toBe(1);
    expectWholeLog(await readLog(fork));
  },
);
