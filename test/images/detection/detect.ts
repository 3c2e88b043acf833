/** Detection of a repository that is written down as its files; the result has been through its schema. */
import { detectToolchain } from '../../../src/images/detection/detect-toolchain.ts';
import { filesToRead } from '../../../src/images/detection/files.ts';
import { toolchainSchema, type Toolchain } from '../../../src/images/detection/toolchain.ts';

export const places = { virtualEnvironment: '/opt/venvs/shop', tools: '/opt/tools' };

export type Files = Readonly<Record<string, string>>;

/** Only files that detection asks for, so that no case tests what no caller would give. */
export function detect(files: Files, blobIds: Files = {}): Toolchain {
  const known = new Set(filesToRead.map(({ path }) => path));
  const stranger = Object.keys(files).find((path) => !known.has(path));
  if (stranger !== undefined) throw new Error(`detection does not ask for ${stranger}`);
  return toolchainSchema.parse(
    detectToolchain({
      files: new Map(Object.entries(files)),
      blobIds: new Map(Object.entries(blobIds)),
      places,
    }),
  );
}

/** A package.json with these fields beside its name. */
export function manifest(fields: Readonly<Record<string, unknown>> = {}): string {
  return `${JSON.stringify({ name: 'shop', version: '1.0.0', private: true, ...fields }, null, 2)}\n`;
}

/** The commands as a person would type them. */
export function commands(toolchain: Toolchain, kind: Toolchain['steps'][number]['kind']): string[] {
  return toolchain.steps.filter((step) => step.kind === kind).map(({ argv }) => argv.join(' '));
}
