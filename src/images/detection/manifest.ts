/**
 * package.json, read leniently: a field of the wrong type counts as absent, because it is other people's file and npm does
 * not mind either.
 */
import * as z from 'zod';
import { maxWholeBytes, type RepositoryFiles } from './files.ts';

const text = z
  .union([z.string(), z.number()])
  .transform((value) => String(value).trim())
  .optional()
  .catch(undefined);

const record = z.record(z.string(), z.unknown()).optional().catch(undefined);

const tool = z.object({ name: z.string(), version: text });

/** One tool, or several to choose from. */
const tools = z
  .union([tool.transform((one) => [one]), z.array(tool)])
  .optional()
  .catch(undefined);

const manifestSchema = z.object({
  packageManager: text,
  engines: z.object({ node: text, npm: text, pnpm: text, yarn: text, bun: text }).optional().catch(undefined),
  volta: z
    .object({ node: text, npm: text, pnpm: text, yarn: text, extends: text })
    .optional()
    .catch(undefined),
  devEngines: z.object({ runtime: tools, packageManager: tools }).optional().catch(undefined),
  scripts: record,
  workspaces: z
    .union([z.array(z.string()), z.object({ packages: z.array(z.string()) }).transform((it) => it.packages)])
    .optional()
    .catch(undefined),
  dependencies: record,
  devDependencies: record,
  optionalDependencies: record,
  peerDependencies: record,
  overrides: record,
  resolutions: record,
  pnpm: record,
});

export type Manifest = z.infer<typeof manifestSchema>;

/** Undefined: there is none, or it cannot be read, which is a warning. */
export function readManifest(files: RepositoryFiles, warnings: string[]): Manifest | undefined {
  const content = files.get('package.json');
  if (content === undefined) return undefined;
  const manifest = content.length > maxWholeBytes ? undefined : parsed(content);
  if (manifest === undefined)
    warnings.push('package.json is not a JSON object: nothing is installed from it.');
  return manifest;
}

function parsed(content: string): Manifest | undefined {
  try {
    // Some editors begin a file with a byte order mark, and npm reads it all the same.
    const read = manifestSchema.safeParse(JSON.parse(content.replace(/^\uFEFF/, '')));
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined: no script of this name that would do anything. */
export function scriptOf(manifest: Manifest | undefined, name: string): string | undefined {
  const script = manifest?.scripts?.[name];
  return typeof script === 'string' && script.trim() !== '' ? script : undefined;
}
