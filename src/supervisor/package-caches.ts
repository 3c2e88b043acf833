/** Package caches stay out of snapshots: they are a quarter to a half of one, and a registry has them all. */
import { runAsAgentUser } from './processes/agent-user.ts';
import type { Settings } from './settings.ts';

const caches = [
  '.npm/_cacache',
  '.npm/_logs',
  '.bun/install/cache',
  '.cache/pip',
  '.cache/pypoetry/artifacts',
  '.cache/pypoetry/cache',
  '.cache/uv',
  '.cache/yarn',
];

export async function removePackageCaches(settings: Settings): Promise<void> {
  await runAsAgentUser(settings, {
    argv: ['rm', '-rf', '--', ...caches.map((cache) => `${settings.agentHome}/${cache}`)],
    cwd: '/',
    env: { PATH: settings.agentPath },
  });
}
