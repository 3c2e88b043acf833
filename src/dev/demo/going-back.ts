/** The part of the demo's story that goes back: a turn too many, a rewind to before it, and a fork of what was left behind. */
import { demoListFile, demoNotesFile } from '../demo-repository/story.ts';
import type { StoryOptions } from './story.ts';
import type { Prompts } from './prompts.ts';
import { ToldSession, insist } from './told-session.ts';

type Point = { head: string; files: string; costUsd: number };

/** Answers the fork's branch, which it has pushed. */
export async function goBack(
  told: ToldSession,
  story: Pick<StoryOptions, 'printer' | 'credentials' | 'signal'>,
  asks: { prompts: Prompts; first: string; other: string },
): Promise<string> {
  const { printer } = story;
  const { prompts, first, other } = asks;
  const before = await pointOf(told);
  const checkpointId = (await told.session.checkpoints()).at(-1)?.checkpointId ?? '';
  printer.step(`Prompt 5: ${prompts.change}`);
  await told.completed(prompts.change, 'change');
  const after = await pointOf(told);
  insist(after.head !== before.head && after.files !== before.files, 'the turn changed nothing');

  printer.step(`Rewind to the checkpoint before, ${checkpointId}`);
  const { costUsd } = await told.session.rewind(checkpointId);
  insist(costUsd === before.costUsd, `the session says that it cost $${costUsd}`);
  const back = await pointOf(told);
  insist(
    JSON.stringify(back) === JSON.stringify(before),
    `not as it was: ${JSON.stringify({ before, back })}`,
  );
  printer.line(`the head is ${back.head.slice(0, 8)} again (it was ${after.head.slice(0, 8)}),`);
  printer.line(`${demoNotesFile} is there again, and ${demoListFile} is not;`);
  printer.line(
    `the conversation costs $${back.costUsd.toFixed(4)} again (it was $${after.costUsd.toFixed(4)})`,
  );
  printer.step(`Prompt 6: ${prompts.which}`);
  const { text } = await told.completed(prompts.which, 'which');
  insist(text.includes(first) && !text.includes(other), `the conversation is not that of before: ${text}`);

  printer.step('Fork: another session begins where the first one has left');
  const kept = await pointOf(told);
  const branch = await goOn(told, story, asks);
  const now = await pointOf(told);
  insist(JSON.stringify(now) === JSON.stringify(kept), 'the fork has changed the session it came from');
  printer.line(`the first session is as it was: ${now.head.slice(0, 8)}, $${now.costUsd.toFixed(4)}`);
  return branch;
}

async function goOn(
  source: ToldSession,
  { printer, signal, credentials }: Pick<StoryOptions, 'printer' | 'credentials' | 'signal'>,
  { prompts, other }: { prompts: Prompts; other: string },
): Promise<string> {
  await using session = await source.session.fork({ checkpointId: 'turn-change', credentials });
  const branch = `harvest/${session.id}`;
  printer.line(`session ${session.id}, branch ${branch}`);
  const fork = new ToldSession(session, { printer, signal });
  printer.step(`Prompt to the fork: ${prompts.own}`);
  const { text } = await fork.completed(prompts.own, 'own');
  insist(text.includes(other), `the fork does not know what was said before it: ${text}`);
  const pushed = fork.seen.find((event) => event.type === 'git.pushed');
  insist(pushed?.data.ref === `refs/heads/${branch}`, 'the fork did not push a branch of its own');
  await session.terminate();
  await fork.told;
  return branch;
}

async function pointOf(told: ToldSession): Promise<Point> {
  const head = await told.output('git', 'rev-parse', 'HEAD');
  const files = await told.output('ls');
  const checkpoint = (await told.session.checkpoints()).at(-1);
  return { head, files, costUsd: checkpoint?.costUsd ?? 0 };
}
