/**
 * Local Modal as a program. Prints one JSON line, {"url", "controlUrl"}, when it is ready; logs go to stderr.
 *
 *   --state DIR  --port N  --control-port N  --root-cache DIR  --jwt-lifetime SECONDS  --exit-with-stdin
 *   --own-credentials    accept only a token made now; the line has "tokenId" and "tokenSecret" too
 */
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { randomText } from './disk/ids.ts';
import { startEmulator } from './emulator.ts';

const number = z.coerce.number().int().nonnegative().optional();
const argumentsSchema = z.object({
  state: z.string({ error: '--state DIR is needed' }).min(1, '--state needs a directory'),
  port: number,
  'control-port': number,
  'root-cache': z.string().optional(),
  'jwt-lifetime': number,
  'exit-with-stdin': z.boolean().optional(),
  'own-credentials': z.boolean().optional(),
});

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      state: { type: 'string' },
      port: { type: 'string' },
      'control-port': { type: 'string' },
      'root-cache': { type: 'string' },
      'jwt-lifetime': { type: 'string' },
      'exit-with-stdin': { type: 'boolean' },
      'own-credentials': { type: 'boolean' },
    },
  });
  const options = argumentsSchema.parse(values);
  const credentials = options['own-credentials'] === true ? makeCredentials() : undefined;
  const emulator = await startEmulator({
    stateDirectory: options.state,
    log: (line) => console.error(line),
    ...(credentials === undefined ? {} : { credentials }),
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options['control-port'] === undefined ? {} : { controlPort: options['control-port'] }),
    ...(options['root-cache'] === undefined ? {} : { rootCacheDirectory: options['root-cache'] }),
    ...(options['jwt-lifetime'] === undefined ? {} : { jwtLifetimeSeconds: options['jwt-lifetime'] }),
  });
  const close = (): void => {
    void emulator.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', close);
  process.once('SIGINT', close);
  if (options['exit-with-stdin'] === true) process.stdin.resume().once('close', close);
  console.log(JSON.stringify({ url: emulator.url, controlUrl: emulator.controlUrl, ...credentials }));
}

function makeCredentials(): { tokenId: string; tokenSecret: string } {
  return { tokenId: `ak-${randomText(22)}`, tokenSecret: `as-${randomText(22)}` };
}

try {
  await main();
} catch (error) {
  console.error(error instanceof z.ZodError ? z.prettifyError(error) : String(error));
  process.exit(1);
}
