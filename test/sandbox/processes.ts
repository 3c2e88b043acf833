/** Running processes in sandboxes, for tests. */
import type { ExecOptions, Sandbox } from '../../src/sandbox/provider.ts';

export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(stream));
}

export async function run(
  sandbox: Sandbox,
  argv: readonly string[],
  options?: ExecOptions,
): Promise<{ stdout: string; stderr: string; code: number }> {
  const process = await sandbox.exec(argv, options);
  const stdout = (await collect(process.stdout)).toString();
  const code = await process.wait();
  return { stdout, stderr: await process.stderr(), code };
}
