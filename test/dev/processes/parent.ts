/** Starts a child in one of two ways, prints its process id and stays, to be killed. */
import { spawn } from 'node:child_process';
import { spawnGuarded } from '../../../src/dev/processes/guarded-child.ts';

const [way, guard = ''] = process.argv.slice(2);
const argv = ['/bin/sh', '-c', 'echo $$; exec sleep 300'];
const child =
  way === 'spawnGuarded'
    ? spawnGuarded({ argv, environment: process.env, stdio: ['ignore', 'inherit', 'inherit'] })
    : spawn(process.execPath, [guard, 'KILL', ...argv], {
        stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
        detached: true,
      });
child.on('exit', () => process.exit(1));
setInterval(() => {}, 60_000);
