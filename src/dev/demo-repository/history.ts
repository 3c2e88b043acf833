/** The commits of the demo repository, as data. */
import {
  formatDuration,
  formatTest,
  formatTestWithRounding,
  index,
  indexWithParse,
  packageJson,
  packageLock,
  parseDuration,
  parseTest,
  readme,
  readmeWithParse,
} from './package-files.ts';

export type DemoCommit = {
  author: { name: string; email: string };
  /** With offset, so that the commit's id does not depend on the machine. */
  date: string;
  message: string;
  /** Whole contents by path. */
  files: Readonly<Record<string, string>>;
};

const ada = { name: 'Ada Okafor', email: 'ada@example.com' };
const lin = { name: 'Lin Weber', email: 'lin@example.com' };
const noor = { name: 'Noor Haddad', email: 'noor@example.com' };

export const history: readonly DemoCommit[] = [
  {
    author: ada,
    date: '2026-01-12T09:14:00+01:00',
    message: 'Start the package',
    files: {
      'package.json': packageJson,
      'package-lock.json': packageLock,
      'README.md': readme,
      '.gitignore': 'node_modules/\n*.log\n',
      '.nvmrc': '22\n',
    },
  },
  {
    author: ada,
    date: '2026-01-12T16:40:00+01:00',
    message: 'Say durations in days, hours, minutes and seconds',
    files: {
      'src/index.js': index,
      'src/format-duration.js': formatDuration,
      'test/format-duration.test.js': formatTest,
    },
  },
  {
    author: lin,
    date: '2026-01-20T11:05:00+01:00',
    message: 'Read a spoken duration again',
    files: {
      'src/index.js': indexWithParse,
      'src/parse-duration.js': parseDuration,
      'test/parse-duration.test.js': parseTest,
    },
  },
  {
    author: lin,
    date: '2026-01-21T10:30:00+01:00',
    message: 'Describe parseDuration and how to run the tests',
    files: { 'README.md': readmeWithParse },
  },
  {
    author: noor,
    date: '2026-02-03T14:52:00+01:00',
    message:
      'Show by a test that 3599 seconds are said wrongly\n\nThe timer page says "1 hour" one second too early; see issue 7.',
    files: { 'test/format-duration.test.js': formatTestWithRounding },
  },
];
