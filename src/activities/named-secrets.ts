/**
 * Named Modal secrets in a request: the sandbox's provider gives their keys as variables to the one process that sends it,
 * which puts the values into the body. So the worker never sees them (I8).
 */
import { supervisorPaths } from '../contracts/supervisor.ts';

export type NamedSecret = { field: 'github' | 'claude'; name: string; key: string };

/** How the command ends when a secret has no such key; stderr names both. No exit code of curl's. */
export const missingSecretCode = 121;

/** A command that fills the values into the body on its stdin, and hands it to `curl`, which sees none as a variable. */
export function fillingIn(secrets: readonly NamedSecret[], curl: readonly string[]): string[] {
  return [supervisorPaths.node, '-e', program, '--', JSON.stringify(secrets), ...curl];
}

/** For Node in the sandbox. */
const program = `
const { spawnSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const [secrets, curl, ...args] = process.argv.slice(1);
const body = JSON.parse(readFileSync(0, 'utf8'));
for (const { field, name, key } of JSON.parse(secrets)) {
  const value = process.env[key];
  if (value === undefined) {
    console.error(name + ' has no key ' + key);
    process.exit(${missingSecretCode});
  }
  body.secrets[field] = value;
}
const input = JSON.stringify(body);
const stdio = ['pipe', 'inherit', 'inherit'];
const { status } = spawnSync(curl, args, { input, stdio, env: { PATH: process.env.PATH } });
process.exitCode = status ?? 1;`;
