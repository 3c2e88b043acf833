/** The supervisor as a program: `node supervisor-<sha256>.mjs [--state DIR] [--socket PATH] …`, as root, inside the sandbox. */
import { listen } from './server/server.ts';
import { parseSettings } from './settings.ts';
import { Supervisor } from './supervisor.ts';
import { readRuntimeVersion, supervisorVersion } from './versions.ts';

// oxlint-disable-next-line node/no-process-env -- what the provider says of the machine: a sandbox has no configuration
const settings = parseSettings(process.argv.slice(2), process.env);
const runtimeVersion = await readRuntimeVersion(settings.runtimePath);
const supervisor = await Supervisor.open(settings, { supervisorVersion, runtimeVersion });
const server = await listen(supervisor);
console.log(`supervisor ${supervisorVersion} listens on ${settings.socketPath}`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
    void supervisor.close().finally(() => process.exit(0));
  });
}
