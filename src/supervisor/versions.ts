/** What runs here: this program by its own hash, and the runtime it found in the sandbox. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

declare const HARVEST_SUPERVISOR_VERSION: string | undefined;

/** Set when the supervisor is bundled. */
export const supervisorVersion =
  typeof HARVEST_SUPERVISOR_VERSION === 'string' ? HARVEST_SUPERVISOR_VERSION : 'unbundled';

const packageSchema = z.object({ version: z.string() });

/** The content of `<runtime>/version`, or what it is made of: Node and the Agent SDK. */
export async function readRuntimeVersion(runtimePath: string): Promise<string> {
  const named = await readFile(join(runtimePath, 'version'), 'utf8').catch(() => '');
  if (named.trim() !== '') return named.trim();
  const path = join(runtimePath, 'node_modules/@anthropic-ai/claude-agent-sdk/package.json');
  const sdk = packageSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  return `node-${process.versions.node}+agent-sdk-${sdk.version}`;
}
