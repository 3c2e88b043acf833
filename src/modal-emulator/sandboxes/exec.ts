import type { Box } from '../box/box.ts';
import type { BoxProcess } from '../box/box-process.ts';
import { FS_TOOLS_PATH, startFsTools } from '../fs-tools/fs-tools.ts';
import { startTimer } from './timer.ts';

export type ExecRequest = {
  execId: string;
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Absolute; the sandbox's own when absent. */
  workdir?: string | undefined;
  /** After which the process group is killed. */
  timeoutSeconds?: number | undefined;
  ignoreStdout?: boolean;
  ignoreStderr?: boolean;
};

/** One process started in a sandbox, with its whole output. */
export type Exec = Pick<BoxProcess, 'stdin' | 'stdout' | 'stderr' | 'exited' | 'exit' | 'kill' | 'discard'>;

export function startExec(box: Box, request: ExecRequest & { workdir: string; spoolPath: string }): Exec {
  const exec = request.argv[0] === FS_TOOLS_PATH ? startFsTools(box, request) : box.run(request);
  if (request.timeoutSeconds !== undefined) {
    const timer = startTimer(request.timeoutSeconds, () => exec.kill());
    void exec.exited.then(() => clearTimeout(timer));
  }
  return exec;
}
