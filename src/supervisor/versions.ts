/** What runs here: this program by its own hash, and the runtime it found in the sandbox. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

declare const HARVEST_SUPERVISOR_VERSION: string | undefined;

/** Set when the supervisor is bundled. */
export const supervisorVersion =
  typeof HARVEST_SUPERVISOR_VERSION === 'string' ? HARVEST_SUPERVISOR_VERSION : 'unbundled';

/** The content of `<runtime>/version`, which every image has: `contracts/runtime-version.ts`. */
export async function readRuntimeVersion(runtimePath: string): Promise<string> {
  return (await readFile(join(runtimePath, 'version'), 'utf8')).trim();
}
