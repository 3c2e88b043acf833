/** The emulator as a program of its own, to be killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { z } from 'zod';

const mainFile = fileURLToPath(new URL('../../../src/modal-emulator/main.ts', import.meta.url));
const readySchema = z.strictObject({
  url: z.string(),
  controlUrl: z.string(),
  tokenId: z.string().optional(),
  tokenSecret: z.string().optional(),
});

export type Exit = { code: number | null; signal: NodeJS.Signals | null };

export class EmulatorProcess {
  readonly url: string;
  readonly controlUrl: string;
  readonly tokenId: string | undefined;
  readonly tokenSecret: string | undefined;
  readonly #child: ChildProcess;
  readonly exited: Promise<Exit>;

  private constructor(child: ChildProcess, exited: Promise<Exit>, ready: z.output<typeof readySchema>) {
    this.#child = child;
    this.exited = exited;
    this.url = ready.url;
    this.controlUrl = ready.controlUrl;
    this.tokenId = ready.tokenId;
    this.tokenSecret = ready.tokenSecret;
  }

  /** Rejects with what it wrote to stderr if it ends before it is ready. */
  static async start(stateDirectory: string, ...args: string[]): Promise<EmulatorProcess> {
    const child = spawn(process.execPath, [mainFile, '--state', stateDirectory, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const exited = once(child, 'close').then(([code, signal]): Exit => ({ code, signal }));
    const line = await Promise.race([
      once(createInterface({ input: child.stdout }), 'line').then(([text]) => String(text)),
      exited.then(() => undefined),
    ]);
    if (line === undefined) throw new Error(stderr);
    return new EmulatorProcess(child, exited, readySchema.parse(JSON.parse(line)));
  }

  async end(signal: NodeJS.Signals): Promise<Exit> {
    this.#child.kill(signal);
    return this.exited;
  }

  closeStdin(): void {
    this.#child.stdin?.end();
  }
}
