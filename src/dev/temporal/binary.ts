/** Whether a file is a Temporal CLI whose development server can be used. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The oldest server that Harvest is tested with. */
const minimumServer = [1, 29] as const;
const versionTimeoutMs = 20_000;

export type BinaryCheck = { usable: true; version: string } | { usable: false; reason: string };

/** Runs `--version`: a broken or truncated file fails here and not at the start of the server. */
export async function checkBinary(path: string): Promise<BinaryCheck> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: versionTimeoutMs });
    return judgeVersion(stdout.trim());
  } catch (error) {
    return { usable: false, reason: `${path} --version failed: ${firstLine(error)}` };
  }
}

/** `text` is for example `temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)`. A CLI built by Go calls itself 0.0.0-DEV. */
export function judgeVersion(text: string): BinaryCheck {
  const server = /\bServer (\d+)\.(\d+)\.(\d+)/.exec(text);
  if (server === null) return { usable: false, reason: `no server version in "${text.slice(0, 100)}"` };
  const [major, minor] = [Number(server[1]), Number(server[2])];
  const old = major < minimumServer[0] || (major === minimumServer[0] && minor < minimumServer[1]);
  if (!old) return { usable: true, version: `server ${major}.${minor}.${server[3]}` };
  return {
    usable: false,
    reason: `its server is ${major}.${minor}.${server[3]}, ${minimumServer.join('.')} or newer is needed`,
  };
}

export function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0] ?? message;
}
