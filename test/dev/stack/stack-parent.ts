/** Starts a stack with a running sandbox, says so and stays, to be killed. */
import { startStack } from '../../../src/dev/stack/stack.ts';

const options = JSON.parse(process.env['OPTIONS'] ?? '{}') as Parameters<typeof startStack>[0];
const stack = await startStack({ ...options, environment: process.env, log: () => {} });
await stack.modal.provider.create({
  name: 'left-running',
  image: stack.modal.baseImage,
  command: ['sleep', 'infinity'],
  tags: {},
  timeoutSeconds: 600,
});
process.stdout.write('ready\n');
setInterval(() => {}, 60_000);
