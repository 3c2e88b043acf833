/** A process that somebody asked a sandbox for, with its time limit. */
import type { Container } from '../container/container.ts';
import type { ContainerProcess } from '../container/container-process.ts';
import { fsToolsPath, startFsTools } from '../fs-tools/fs-tools.ts';
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
export type Exec = Pick<
  ContainerProcess,
  'stdin' | 'stdout' | 'stderr' | 'exited' | 'exit' | 'kill' | 'discard'
>;

export function startExec(
  container: Container,
  request: ExecRequest & { workdir: string; spoolPath: string },
): Exec {
  const exec = request.argv[0] === fsToolsPath ? startFsTools(container, request) : container.run(request);
  if (request.timeoutSeconds !== undefined) {
    const timer = startTimer(request.timeoutSeconds, () => exec.kill());
    void exec.exited.then(() => clearTimeout(timer));
  }
  return exec;
}
