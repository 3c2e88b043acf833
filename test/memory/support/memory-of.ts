/** What the kernel says of a process's memory, and `forgetMost` to begin anew. */
import { readFileSync, writeFileSync } from 'node:fs';

/** Resident now, and at most since it began; in MiB. Throws when the process has ended. */
export function memoryOf(pid: number | undefined): { nowMiB: number; mostMiB: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mebibytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1_024;
  return { nowMiB: mebibytes('VmRSS'), mostMiB: mebibytes('VmHWM') };
}

/** What it had at most before does not count any more. */
export function forgetMost(pid: number | undefined): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
