/**
 * The words of the demo: what the person asks, and what the scripted model does about it. Only words are scripted: every command, edit,
 * commit and push happens in the sandbox, the texts depend on how it went, and the word comes back only if the conversation holds it.
 */
import type { Conversation } from '../scripted-model/conversation.ts';
import { bash, callTool, recall, say, type Script } from '../scripted-model/steps.ts';
import { floorLine, roundingLine } from './package-files.ts';

/** The prompts of the demo in their order; `word` is lower-case letters and chosen anew each time. */
export function demoPrompts(word: string): {
  fix: string;
  recall: string;
  long: string;
  queued: string;
} {
  return {
    fix: `Make the failing test pass, then commit and push your branch. Please also remember the word "${word}" for me.`,
    recall: 'Is my uncommitted note still there? And which word did I ask you to remember?',
    long: 'Watch the clock for ten minutes and tell me each second.',
    queued: 'What are the last three commits?',
  };
}

/** The file that prompt 1 leaves uncommitted. */
export const demoNotesFile = 'NOTES.md';

/** What it becomes on the way that is gone back. */
export const demoListFile = 'TODO.md';

/** The prompts around a rewind and a fork; `word` takes the place of the first one. */
export function goingBackPrompts(word: string): { change: string; which: string; own: string } {
  return {
    change: `Rename ${demoNotesFile} to ${demoListFile}, commit and push that. And please remember the word "${word}" for me, not the one before.`,
    which: 'Which word should you remember?',
    own: `Add a line to ${demoListFile}, commit and push your branch. And which word is it?`,
  };
}

const typingDelayMs = 15;

function type(text: string | ((conversation: Conversation) => string)) {
  return say(text, typingDelayMs);
}

function outcome(good: string, bad: string): (conversation: Conversation) => string {
  return ({ lastToolResult }) => (lastToolResult?.isError === false ? good : bad);
}

export const demoScript: Script = {
  name: 'demo',
  turns: [
    {
      prompt: /make the failing test pass/i,
      steps: [
        type('I will run the tests first.'),
        bash('npm test'),
        type(
          outcome(
            'All tests pass already. I will look at the code anyway.',
            'One test fails: 3599 seconds are said wrongly. I will read the code.',
          ),
        ),
        callTool('Read', { file_path: 'src/format-duration.js' }),
        type('The amount of each unit is rounded, so 59:59 becomes an hour. It must be cut off.'),
        callTool('Edit', {
          file_path: 'src/format-duration.js',
          old_string: roundingLine,
          new_string: floorLine,
        }),
        type('Now the tests again.'),
        bash('npm test'),
        type(outcome('All tests pass. I will commit and push.', 'The tests still fail.')),
        bash(
          'git add --all && git commit --message "Cut amounts off instead of rounding them" && git log --oneline -1',
        ),
        bash('git push --set-upstream origin HEAD'),
        type(outcome('The branch is pushed. A note for next time, not committed:', 'The push failed.')),
        callTool('Write', {
          file_path: demoNotesFile,
          content: '# Notes\n\nparseDuration accepts "1 hours"; ask whether it should.\n',
        }),
        type('Done: the failing test passes, and I keep your word in mind.'),
      ],
    },
    {
      prompt: /uncommitted note still there/i,
      steps: [
        type('I will look.'),
        bash(`git status --short && cat ${demoNotesFile}`),
        type(outcome('The note is there, not committed.', 'The note is gone.')),
        bash('npm test'),
        type(outcome('The tests pass.\n', 'The tests fail.\n')),
        recall(/remember the word "([a-z]+)"/i),
      ],
    },
    {
      prompt: /watch the clock/i,
      steps: [
        type('I will tell you the seconds.'),
        bash('for second in $(seq 600); do echo "second $second"; sleep 1; done', 600),
        type('Ten minutes are over.'),
      ],
    },
    {
      prompt: /rename .* to .*, commit and push that/i,
      steps: [
        bash(
          `mv ${demoNotesFile} ${demoListFile} && git add ${demoListFile} && git commit --quiet --message "Keep a list of open questions" && git push --quiet origin HEAD`,
        ),
        type(outcome('Renamed, committed and pushed.', 'That did not work.')),
      ],
    },
    { prompt: /which word should you remember/i, steps: [recall(/remember the word "([a-z]+)"/i)] },
    {
      prompt: /add a line to/i,
      steps: [
        bash(
          `echo "And what of weeks?" >> ${demoListFile} && git commit --quiet --all --message "Ask about weeks" && git push --quiet --set-upstream origin HEAD`,
        ),
        type(outcome('Committed and pushed.\n', 'That did not work.\n')),
        recall(/remember the word "([a-z]+)"/i),
      ],
    },
    {
      prompt: /last three commits/i,
      steps: [
        bash('git log --oneline -3'),
        type(({ lastToolResult }) => `The last three commits:\n${lastToolResult?.text ?? ''}`),
      ],
    },
  ],
};
