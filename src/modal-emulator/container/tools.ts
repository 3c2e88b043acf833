/** Where the host's tools are, and what they see of the environment. */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

const toolDirectories = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/sbin', '/usr/local/bin'];

/** The environment of the host's own tools: their messages in English, nothing of the emulator's. */
export const toolEnvironment = { PATH: toolDirectories.join(':'), LC_ALL: 'C' };

const found = new Map<string, string>();

/** Where a host tool is, or undefined. */
export function findTool(name: string): string | undefined {
  const known = found.get(name);
  if (known !== undefined) return known;
  const path = toolDirectories.map((directory) => join(directory, name)).find(isExecutable);
  if (path !== undefined) found.set(name, path);
  return path;
}

/** Where a host tool is. Throws for one that findMissingRequirements would have named. */
export function toolPath(name: string): string {
  const path = findTool(name);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
