/**
 * The scripted model as a process of its own: `node main.ts [--port N]`. Its first line of stdin is JSON `{"credential": "…"}` (a
 * credential in argv could be read by anyone), its first line of stdout is JSON `{"url": "http://127.0.0.1:N"}`, then one line per request.
 * It ends with SIGTERM, SIGINT or the end of stdin, so a killed parent leaves nothing behind.
 */
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { demoScript } from '../demo-repository/story.ts';
import { startScriptedModel } from './server.ts';

const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } });
const port = z.coerce.number().int().min(0).max(65_535).parse(values.port);

const input = createInterface({ input: process.stdin });
const [line] = (await once(input, 'line')) as [string];
const { credential } = z.object({ credential: z.string().min(1) }).parse(JSON.parse(line));

const model = await startScriptedModel({ port, credential, scripts: [demoScript], log: console.log });
const ended = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT'), once(input, 'close')]);
console.log(JSON.stringify({ url: model.url }));
try {
  await ended;
} finally {
  input.close();
  await model.close();
}
