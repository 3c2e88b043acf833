/** The model of the stack when there is no credential for a real one. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import { startChildServer } from '../processes/child-server.ts';
import { siblingModule, type Environment } from '../processes/guarded-child.ts';

export type ScriptedModelProcess = {
  /** For `HARVEST_MODEL_URL`. */
  url: string;
  /** What sessions must name as their Claude credential. */
  credential: string;
  stop(): Promise<void>;
};

export async function startScriptedModelProcess(options: {
  environment: Environment;
  logDirectory: string;
}): Promise<ScriptedModelProcess> {
  const credential = `scripted-${randomUUID()}`;
  const { ready, stop } = await startChildServer({
    name: 'the scripted model',
    argv: [process.execPath, siblingModule('../scripted-model/main', import.meta.url)],
    environment: options.environment,
    input: JSON.stringify({ credential }),
    ready: z.object({ url: z.url() }),
    logFile: join(options.logDirectory, 'scripted-model.log'),
    startTimeoutMs: 30_000,
  });
  return { url: ready.url, credential, stop };
}
