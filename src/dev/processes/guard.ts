/**
 * `guard SIGNAL PROGRAM ARGUMENTS…`: runs the program and ends it when the parent dies, which shows as the end of
 * descriptor 3. Only for systems without `setpriv`, which does the same without a process in between.
 */
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { constants } from 'node:os';

const [deathSignal = 'KILL', program = '', ...rest] = process.argv.slice(2);
const child = spawn(program, rest, { stdio: 'inherit' });

// Signals go to the whole group: the program gets them itself, and the guard only reports how it ended.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});

const endProgram = () => child.kill(deathSignal === 'TERM' ? 'SIGTERM' : 'SIGKILL');
new Socket({ fd: 3, readable: true, writable: false }).on('error', endProgram).on('end', endProgram).resume();

child.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(127);
});
child.on('exit', (code, signal) =>
  process.exit(signal === null ? (code ?? 1) : 128 + constants.signals[signal]),
);
