import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

/** The launcher under a Node that says it is of another version. */
function runAs(version: string, program: string): { status: number | null; stderr: string; stdout: string } {
  const pretend = `Object.defineProperty(process.versions, 'node', { value: '${version}' }); require('./scripts/run.cjs');`;
  // `node -e CODE A B` has A at argv[1]; the launcher expects itself there.
  return spawnSync(process.execPath, ['-e', pretend, 'scripts/run.cjs', program], { encoding: 'utf8' });
}

test.each(['18.20.0', '20.20.2', '22.17.1'])(
  'on Node %s a script says in one sentence what is missing',
  (version) => {
    const { status, stderr } = runAs(version, 'test/scripts/fixtures/hello.ts');
    expect(status).toBe(1);
    expect(stderr).toContain(
      `Harvest needs Node 22.18 or newer to run from source; this is Node ${version}.`,
    );
    expect(stderr.trim().split('\n')).toHaveLength(1);
  },
);

test('a script is a TypeScript program that gets its arguments', () => {
  const { status, stdout } = runAs('24.21.0', 'test/scripts/fixtures/hello.ts');
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'hello\n' });
});
