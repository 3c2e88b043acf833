/** The files of the demo's package, as far as several commits or the story need them. Its only fault: `formatDuration` rounds. */
export const packageJson = `${JSON.stringify(
  {
    name: 'spoken-duration',
    version: '1.2.0',
    description: 'Durations as people say them: "2 hours, 5 minutes"',
    license: 'MIT',
    type: 'module',
    exports: './src/index.js',
    engines: { node: '>=20' },
    scripts: { test: 'node --test' },
  },
  null,
  2,
)}\n`;

export const packageLock = `${JSON.stringify(
  {
    name: 'spoken-duration',
    version: '1.2.0',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { name: 'spoken-duration', version: '1.2.0', license: 'MIT', engines: { node: '>=20' } },
    },
  },
  null,
  2,
)}\n`;

export const index = `export { formatDuration } from './format-duration.js';
`;

export const indexWithParse = `export { formatDuration } from './format-duration.js';
export { parseDuration } from './parse-duration.js';
`;

/** The line with the bug and the line that mends it; the story's Edit replaces one by the other. */
export const roundingLine = 'const amount = Math.round(rest / unit.seconds);';
export const floorLine = 'const amount = Math.floor(rest / unit.seconds);';

export const formatDuration = `const units = [
  { name: 'day', seconds: 86_400 },
  { name: 'hour', seconds: 3_600 },
  { name: 'minute', seconds: 60 },
  { name: 'second', seconds: 1 },
];

/** Says a duration given in seconds: 7500 is "2 hours, 5 minutes". */
export function formatDuration(seconds) {
  if (!Number.isInteger(seconds) || seconds < 0) {
    throw new RangeError(\`not a duration in whole seconds: \${seconds}\`);
  }
  const parts = [];
  let rest = seconds;
  for (const unit of units) {
    ${roundingLine}
    rest -= amount * unit.seconds;
    if (amount > 0) parts.push(\`\${amount} \${unit.name}\${amount === 1 ? '' : 's'}\`);
  }
  return parts.length === 0 ? '0 seconds' : parts.join(', ');
}
`;

export const parseDuration = `const seconds = { day: 86_400, hour: 3_600, minute: 60, second: 1 };

/** Reads what formatDuration says and gives seconds. */
export function parseDuration(text) {
  let total = 0;
  for (const part of text.split(', ')) {
    const match = /^(\\d+) (day|hour|minute|second)s?$/.exec(part);
    if (match === null) throw new SyntaxError(\`not a duration: \${text}\`);
    total += Number(match[1]) * seconds[match[2]];
  }
  return total;
}
`;

export const formatTest = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration } from '../src/index.js';

test('an hour is said without minutes', () => {
  assert.equal(formatDuration(3_600), '1 hour');
});

test('several units are joined by commas', () => {
  assert.equal(formatDuration(7_500), '2 hours, 5 minutes');
});

test('nothing is zero seconds', () => {
  assert.equal(formatDuration(0), '0 seconds');
});
`;

export const formatTestWithRounding = `${formatTest}
test('a second short of an hour is not rounded up', () => {
  assert.equal(formatDuration(3_599), '59 minutes, 59 seconds');
});
`;

export const parseTest = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration } from '../src/index.js';

test('what was said can be read again', () => {
  assert.equal(parseDuration('2 hours, 5 minutes'), 7_500);
});

test('other text is refused', () => {
  assert.throws(() => parseDuration('soon'), SyntaxError);
});
`;

export const readme = `# spoken-duration

Durations as people say them.

\`\`\`js
import { formatDuration } from 'spoken-duration';
formatDuration(7500); // "2 hours, 5 minutes"
\`\`\`
`;

export const readmeWithParse = `${readme}
\`parseDuration\` reads such a text again. Run the tests with \`npm test\`.
`;
