/** What the demo asks on a repository that is not its own: as little as shows every step, and nothing a project would mind. */
import { demoListFile, demoNotesFile, demoPrompts, goingBackPrompts } from '../demo-repository/story.ts';

/** `first` is to be remembered, and `other` in its place on the way that is gone back. */
export type Words = { first: string; other: string };

export type Prompts = ReturnType<typeof demoPrompts> & ReturnType<typeof goingBackPrompts>;

const file = 'HARVEST-DEMO.md';

export function ownPrompts({ first, other }: Words): Prompts {
  return { ...demoPrompts(first), ...goingBackPrompts(other) };
}

/** With directives for the scripted model (`scripted-model/directives.ts`), which a real one is not shown. */
export function foreignPrompts(words: Words, scripted: boolean): Prompts {
  const asks: Prompts = {
    ...goingBackPrompts(words.other),
    fix:
      `Write one sentence on what this repository is into ${file}, commit it and push your branch. ` +
      `Then write a note into ${demoNotesFile} and do not commit that. Please also remember the word "${words.first}" for me.`,
    recall: `Is my uncommitted ${demoNotesFile} still there? And which word did I ask you to remember?`,
    long: 'Run `for i in $(seq 600); do echo second $i; sleep 1; done` in the foreground and wait for it.',
    queued: 'What are the last three commits?',
  };
  if (!scripted) return asks;
  const scripts: Prompts = {
    fix: [
      `!bash echo "A repository that Harvest was shown." > ${file} && git add ${file} && git commit -qm "Say what this is" && git push -q origin HEAD`,
      `!bash echo note > ${demoNotesFile}`,
      '!say Done.',
    ].join('\n'),
    recall: `!bash git status --short\n!recall the word "([a-z]+)"`,
    long: '!sleep-bash 600',
    queued: '!bash git log --oneline -3\n!say-result',
    change: `!bash mv ${demoNotesFile} ${demoListFile} && git add ${demoListFile} && git commit -qm "Keep a list" && git push -q origin HEAD\n!say Done.`,
    which: '!recall the word "([a-z]+)"',
    own: `!bash echo more >> ${demoListFile} && git commit -qam "Go on with the list" && git push -q origin HEAD\n!recall the word "([a-z]+)"`,
  };
  return {
    fix: `${asks.fix}\n${scripts.fix}`,
    recall: `${asks.recall}\n${scripts.recall}`,
    long: `${asks.long}\n${scripts.long}`,
    queued: `${asks.queued}\n${scripts.queued}`,
    change: `${asks.change}\n${scripts.change}`,
    which: `${asks.which}\n${scripts.which}`,
    own: `${asks.own}\n${scripts.own}`,
  };
}
