/** Puts a program of the harness before the agent's own, in a sandbox that has just been created. */
import { access, chmod, copyFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runningContainers } from '../lane/containers.ts';

const folder = `/opt/harvest/node_modules/@anthropic-ai/claude-agent-sdk-linux-${process.arch}`;
const wrapper = `${folder}/wrapped-agent.mjs`;
const real = `${folder}/claude-real`;

/** Where the wrapper has been carried along by a snapshot it stays as it is. */
export async function wrapAgent(containersDirectory: string): Promise<void> {
  for (const { init } of runningContainers(containersDirectory)) {
    const inside = (path: string): string => join(`/proc/${init}/root`, path);
    const isWrapped = await access(inside(real)).then(
      () => true,
      () => false,
    );
    if (isWrapped) continue;
    await copyFile(join(import.meta.dirname, 'wrapped-agent.mjs'), inside(wrapper));
    await rename(inside(`${folder}/claude`), inside(real));
    await writeFile(
      inside(`${folder}/claude`),
      `#!/bin/sh\nexec /opt/harvest/bin/node ${wrapper} ${real} "$@"\n`,
    );
    await chmod(inside(`${folder}/claude`), 0o755);
  }
}
