/** `npm run test:durability -- [--repeat N]`: the durability tests, N rounds of each case. */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { repeat: { type: 'string', default: '1' } } });
if (!/^[1-9]\d{0,3}$/.test(values.repeat)) throw new Error('--repeat takes a number from 1 to 9999');

const tests = spawn('vitest', ['run', 'test/session/durability.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, HARVEST_TEST_REPEATS: values.repeat },
});
tests.on('exit', (code) => process.exit(code ?? 1));
