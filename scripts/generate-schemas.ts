/** Writes `schemas/` anew from the contracts: `node scripts/generate-schemas.ts`. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { schemaFiles } from './schemas/documents.ts';

const folder = join(import.meta.dirname, '..', 'schemas');
await mkdir(folder, { recursive: true });
const files = schemaFiles();
for (const name of await readdir(folder)) if (!files.has(name)) await rm(join(folder, name));
for (const [name, text] of files) await writeFile(join(folder, name), text);
console.log(`${files.size} schemas in schemas/`);
