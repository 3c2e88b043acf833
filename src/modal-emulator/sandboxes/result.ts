/** How a sandbox ended, in the terms of the protocol. */
import * as z from 'zod';
import type { ExitStatus } from '../container/container-process.ts';

/** Modal's GenericStatus, as far as a sandbox here can end with it. The SDK makes 124 of TIMEOUT, 137 of TERMINATED, else takes `exitcode`. */
export const resultStatus = { SUCCESS: 1, FAILURE: 2, TERMINATED: 3, TIMEOUT: 4, IDLE_TIMEOUT: 7 } as const;

export const resultSchema = z.object({ status: z.int(), exception: z.string(), exitcode: z.int() });
export type SandboxResult = z.output<typeof resultSchema>;

const result = (status: number, exception: string, exitcode = 0): SandboxResult => ({
  status,
  exception,
  exitcode,
});

export const terminated = (why: string): SandboxResult => result(resultStatus.TERMINATED, why);
export const timedOut = (): SandboxResult => result(resultStatus.TIMEOUT, 'the sandbox reached its timeout');
export const idledOut = (): SandboxResult =>
  result(resultStatus.IDLE_TIMEOUT, 'the sandbox was idle for too long');

export function ofEntrypoint(exit: ExitStatus): SandboxResult {
  const exitcode = 'code' in exit ? exit.code : 128 + exit.signal;
  return exitcode === 0
    ? result(resultStatus.SUCCESS, '')
    : result(resultStatus.FAILURE, `the entrypoint ended with ${exitcode}`, exitcode);
}
