/** Puts the scripted agent (`fixtures/agent.ts`) where a world's supervisors find Claude Code. */
import { copyFileSync, linkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../../supervisor/support/world.ts';

export function useScriptedAgent({ folder }: Pick<World, 'folder'>): void {
  const runtime = join(folder, 'runtime');
  const node = join(runtime, 'agent-node');
  const program = join(runtime, 'agent.ts');
  // The agent's user may not come to where the checkout lies.
  try {
    linkSync(process.execPath, node);
  } catch {
    copyFileSync(process.execPath, node);
  }
  copyFileSync(join(import.meta.dirname, '../fixtures/agent.ts'), program);
  const claude = join(runtime, `node_modules/@anthropic-ai/claude-agent-sdk-linux-${process.arch}/claude`);
  // Its own file: what lies there is linked to the checkout's.
  rmSync(claude);
  writeFileSync(claude, `#!/bin/sh\nexec ${node} ${program} "$@"\n`, { mode: 0o755 });
}
