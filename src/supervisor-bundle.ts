/**
 * The supervisor as one file, for the worker to upload: its only import from outside is the Agent SDK of the sandbox's
 * runtime. From the sources in development; a built package brings the file.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export type SupervisorBundle = { code: string; fileName: string };

const versionMark = '__HARVEST_SUPERVISOR_VERSION__';

/** Beside this file in a built package. */
const builtFile = fileURLToPath(new URL('supervisor.mjs', import.meta.url));

export async function bundleSupervisor(): Promise<SupervisorBundle> {
  const template = import.meta.url.endsWith('.ts')
    ? await buildTemplate()
    : await readFile(builtFile, 'utf8');
  const version = createHash('sha256').update(template).digest('hex').slice(0, 16);
  const code = template.replaceAll(versionMark, version);
  const sha256 = createHash('sha256').update(code).digest('hex');
  return { code, fileName: `supervisor-${sha256}.mjs` };
}

/** The bundle whose version is still a mark; what the build writes beside this file. */
export async function buildTemplate(): Promise<string> {
  const { build } = await import('esbuild');
  const result = await build({
    entryPoints: [fileURLToPath(new URL('supervisor/main.ts', import.meta.url))],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    external: ['@anthropic-ai/claude-agent-sdk'],
    define: { HARVEST_SUPERVISOR_VERSION: JSON.stringify(versionMark) },
    legalComments: 'none',
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error('the supervisor could not be bundled');
  return file.text;
}
