// Stands where the agent's program stood in a sandbox, passes everything on, and misbehaves when it is told to:
// SIGUSR2: garbage on stdout, and JSON that is no message. SIGHUP: exit 0 without a result.
import { spawn } from 'node:child_process';

const agent = spawn(`${process.argv[2]}`, process.argv.slice(3), { stdio: ['inherit', 'pipe', 'inherit'] });
agent.stdout.pipe(process.stdout);
process.on('SIGUSR2', () =>
  process.stdout.write('\n{"type": "assistant", "message": garbage}\n\0\u{1f41b}\nnull\n'),
);
process.on('SIGHUP', () => {
  agent.kill('SIGKILL');
  process.exit(0);
});
process.on('SIGTERM', () => agent.kill('SIGTERM'));
agent.on('exit', (code, signal) => {
  if (signal === null) process.exit(code);
  process.kill(process.pid, 'SIGKILL');
});
