/** pyproject.toml, read leniently like package.json: what it says about dependencies, Python and tests. */
import { parse } from 'smol-toml';
import * as z from 'zod';
import { maxWholeBytes, type RepositoryFiles } from './files.ts';

const table = z.record(z.string(), z.unknown()).optional().catch(undefined);

const pyprojectSchema = z.object({
  project: table,
  'build-system': table,
  'dependency-groups': table,
  tool: z.object({ uv: table, poetry: table, pytest: table }).optional().catch(undefined),
});

export type Pyproject = z.infer<typeof pyprojectSchema>;

/** Undefined: there is none, or it cannot be read, which is a warning. */
export function readPyproject(files: RepositoryFiles, warnings: string[]): Pyproject | undefined {
  const content = files.get('pyproject.toml');
  if (content === undefined) return undefined;
  const pyproject = content.length > maxWholeBytes ? undefined : parsed(content);
  if (pyproject === undefined) warnings.push('pyproject.toml is not valid TOML: it is ignored.');
  return pyproject;
}

function parsed(content: string): Pyproject | undefined {
  try {
    const read = pyprojectSchema.safeParse(
      parse(content.replace(/^\uFEFF/, ''), { integersAsBigInt: 'asNeeded' }),
    );
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  }
}

/** `project.requires-python`, else Poetry's `tool.poetry.dependencies.python`. */
export function requiresPython(pyproject: Pyproject | undefined): string | undefined {
  const poetry = table.parse(pyproject?.tool?.poetry?.['dependencies']);
  return [pyproject?.project?.['requires-python'], poetry?.['python']].find(
    (value) => typeof value === 'string',
  );
}

/** Many repositories have one for the settings of their tools only. */
export function isPackage(pyproject: Pyproject | undefined): boolean {
  return pyproject?.project !== undefined || pyproject?.['build-system'] !== undefined;
}
