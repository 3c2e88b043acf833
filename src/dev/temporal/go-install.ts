/** Builds the Temporal CLI from its Go module, for machines that reach a Go module proxy but not the official download. */
import { join } from 'node:path';
import { childEnd, describeEnd, spawnGuarded, type Environment } from '../processes/guarded-child.ts';
import { collectTail } from '../processes/output-tail.ts';

/** The last installable version: later ones replace one of their modules by a folder, which `go install` refuses. */
export const goModule = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';

const progressMs = 15_000;

export type GoInstallOptions = {
  go: string;
  directory: string;
  environment: Environment;
  log: (line: string) => void;
};

/** Builds into the empty directory and returns the binary's path. Go's own caches are used. */
export async function goInstallBinary(options: GoInstallOptions): Promise<string> {
  const { go, directory, environment, log } = options;
  const child = spawnGuarded({
    argv: [go, 'install', '-v', '-trimpath', '-ldflags', '-s -w', goModule],
    environment: {
      ...environment,
      GOBIN: directory,
      // An older Go fetches the toolchain that the module asks for; nothing of the user's settings changes.
      GOTOOLCHAIN: 'auto',
      // No C compiler is needed, and GOFLAGS or a workspace of the user's project would break the build.
      CGO_ENABLED: '0',
      GOFLAGS: '',
      GOWORK: 'off',
      GOOS: undefined,
      GOARCH: undefined,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
    workingDirectory: directory,
  });
  const counts = { downloaded: 0, compiled: 0 };
  const output = collectTail(child.stderr, (line) => {
    if (line.startsWith('go: downloading ')) counts.downloaded += 1;
    else if (!line.startsWith('go: ')) counts.compiled += 1;
  });
  const timer = setInterval(() => {
    log(
      `building the Temporal server: ${counts.downloaded} modules downloaded, ${counts.compiled} packages compiled`,
    );
  }, progressMs);
  const end = await childEnd(child);
  clearInterval(timer);
  if (end.code === 0) return join(directory, 'temporal');
  const lines = (await output).split('\n');
  throw new Error(lines.findLast((line) => line.trim() !== '') ?? describeEnd(end));
}
