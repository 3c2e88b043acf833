/** The commands run as they are, by a real shell and a real Node; only the sandbox around them is missing. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ProgramNotTaken,
  entrypoint,
  installCommand,
  installSupervisor,
  programPath,
} from '../../src/activities/install-supervisor.ts';
import { supervisorPaths } from '../../src/contracts/supervisor.ts';
import type { Sandbox } from '../../src/sandbox/provider.ts';
import { answersStatus } from './support/supervisor-answers.ts';

const program = 'console.log("for the supervisor");\n';
let folder: string;
let processes: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'harvest-install-'));
  processes = [];
});

afterEach(async () => {
  for (const child of processes) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) continue;
    process.kill(-child.pid, 'SIGKILL');
    await once(child, 'close');
  }
  rmSync(folder, { recursive: true, force: true });
});

function run([command, ...args]: readonly string[]): ChildProcess & {
  stdin: NodeJS.WritableStream;
  stdout: NodeJS.ReadableStream;
} {
  const child = spawn(command ?? '', args, { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
  processes.push(child);
  return child;
}

describe('the command that installs', () => {
  test('puts the program in its place, waits for the socket, and becomes the question', async () => {
    const path = join(folder, 'programs', 'program.mjs');
    const socket = join(folder, 'socket');
    const install = run(installCommand({ path, bytes: program.length }, socket, ['cat', path]));
    const output = text(install.stdout);
    install.stdin.end(program);
    await expect.poll(() => filesIn(join(folder, 'programs'))).toEqual(['program.mjs']);
    expect(install.exitCode).toBeNull();
    const server = createServer().listen(socket);
    await once(server, 'listening');
    expect(await output).toBe(program);
    server.close();
  });

  test('leaves nothing of a program that came in part', async () => {
    const path = join(folder, 'programs', 'program.mjs');
    const install = run(installCommand({ path, bytes: program.length }, join(folder, 'socket'), ['true']));
    install.stdin.end(program.slice(0, -1));
    expect(await once(install, 'close')).toEqual([120, null]);
    expect(filesIn(join(folder, 'programs'))).toEqual([]);
  });
});

test('the entrypoint runs a program that comes later, and runs it again when it has died', async () => {
  const path = join(folder, 'program.mjs');
  const lives = join(folder, 'lives');
  run(entrypoint(path).map((word) => (word === supervisorPaths.node ? process.execPath : word)));
  const line = "JSON.stringify(process.argv.slice(1)) + '\\n'";
  const source = `import { appendFileSync } from 'node:fs';
appendFileSync(${JSON.stringify(lives)}, ${line});
process.exit(3);`;
  writeFileSync(`${path}.part`, source);
  renameSync(`${path}.part`, path);
  const seen = (): string[] => (existsSync(lives) ? readFileSync(lives, 'utf8').trim().split('\n') : []);
  await expect.poll(() => seen().length, { timeout: 30_000 }).toBeGreaterThan(1);
  expect(new Set(seen())).toEqual(new Set([JSON.stringify([path])]));
});

describe('installing the supervisor', () => {
  const supervisor = { code: program, fileName: 'supervisor-ab.mjs' };
  const { signal } = new AbortController();

  test('takes one exec, with the program on stdin', async () => {
    const { sandbox, execs } = sandboxWith([{ code: 0 }]);
    await installSupervisor({ supervisor }, sandbox, signal);
    expect(execs).toEqual([program]);
  });

  test('goes on asking a supervisor that takes its time', async () => {
    const { sandbox, execs } = sandboxWith([
      { code: 7 },
      { code: 7 },
      answersStatus({ started: false, generation: null }),
    ]);
    await installSupervisor({ supervisor }, sandbox, signal);
    expect(execs).toHaveLength(3);
  });

  test.each([120, 126, 137])('says so when the program did not arrive (%i)', async (code) => {
    const { sandbox } = sandboxWith([{ code }]);
    await expect(installSupervisor({ supervisor }, sandbox, signal)).rejects.toThrow(ProgramNotTaken);
  });

  test('names the program by its hash, where only root writes', () => {
    expect(programPath({ supervisor })).toBe(`${supervisorPaths.programs}/supervisor-ab.mjs`);
  });
});

function filesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** Its execs end as told, one after the other; `execs` is what each had on stdin. */
function sandboxWith(ends: readonly { code: number; output?: string }[]): {
  sandbox: Sandbox;
  execs: string[];
} {
  const execs: string[] = [];
  const never = (): never => {
    throw new TypeError('not asked for here');
  };
  const sandbox: Sandbox = {
    sandboxId: 'sb-1',
    exec: async (_argv, options) => {
      const end = ends[execs.length];
      if (end === undefined) throw new TypeError('one exec too many');
      execs.push(String(options?.stdin ?? ''));
      return {
        stdout: (async function* () {
          if (end.output !== undefined) yield Buffer.from(end.output);
        })(),
        stderr: async () => '',
        wait: async () => end.code,
      };
    },
    isRunning: async () => true,
    snapshot: never,
    terminate: never,
  };
  return { sandbox, execs };
}
