/** The machine's own processes and tools, as the emulator runs, names and ends them. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { toolEnvironment, toolPath } from './tools.ts';

/** A process named so that another one that got its number later is not taken for it. */
export const processIdentitySchema = z.object({ pid: z.int().positive(), startTicks: z.string() });
export type ProcessIdentity = z.output<typeof processIdentitySchema>;

/** Undefined when there is no such process, or only its remains wait to be reaped. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const fields = readStat(pid);
  const startTicks = fields?.[19];
  return startTicks === undefined || fields?.[0] === 'Z' ? undefined : { pid, startTicks };
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startTicks === identity.startTicks;
}

export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Signals a process (or, with a negative number, a group) that may be gone already. */
export function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Runs one of the host's tools to its end. Rejects with what it wrote to stderr. */
export async function runTool(name: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env: toolEnvironment, maxBuffer: 64 * 1024 * 1024 };
    execFile(toolPath(name), args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new ToolFailed(name, stderr));
    });
  });
}

/** Deletes directory trees outside of this process's event loop. What cannot be deleted now is left to the next start. */
export async function removeTrees(...paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  await runTool('rm', ['-rf', '--one-file-system', ...paths]).catch(() => undefined);
}

export class ToolFailed extends Error {
  override readonly name = 'ToolFailed';
  readonly stderr: string;

  constructor(tool: string, stderr: string) {
    super(`${tool} failed: ${stderr.trim()}`);
    this.stderr = stderr;
  }
}

/** The fields of /proc/<pid>/stat after the command name: [0] is the state, [19] the start in clock ticks since boot. */
function readStat(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
