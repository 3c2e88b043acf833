/** `download-main DIRECTORY`: the downloader's only public call also starts the server once, which shows that it runs. */
import { TestWorkflowEnvironment } from '@temporalio/testing';

try {
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir: process.argv[2] ?? '.' } },
  });
  await environment.teardown();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? lastCause(error.message) : String(error)}\n`);
  process.exitCode = 1;
}

/** The downloader repeats its request at each level of its message; the last part says what is wrong. */
function lastCause(message: string): string {
  return message.split(/error sending request for url \([^)]*\): /).at(-1) ?? message;
}
