/** What the demo asks on a repository that is not its own: as little as shows every step, and nothing a project would mind. */
import { demoNotesFile } from '../demo-repository/story.ts';

type Prompts = { fix: string; recall: string; long: string; queued: string };

const file = 'HARVEST-DEMO.md';

/** With directives for the scripted model (`scripted-model/directives.ts`), which a real one is not shown. */
export function foreignPrompts(word: string, scripted: boolean): Prompts {
  const asks: Prompts = {
    fix:
      `Write one sentence on what this repository is into ${file}, commit it and push your branch. ` +
      `Then write a note into ${demoNotesFile} and do not commit that. Please also remember the word "${word}" for me.`,
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
  };
  return {
    fix: `${asks.fix}\n${scripts.fix}`,
    recall: `${asks.recall}\n${scripts.recall}`,
    long: `${asks.long}\n${scripts.long}`,
    queued: `${asks.queued}\n${scripts.queued}`,
  };
}
