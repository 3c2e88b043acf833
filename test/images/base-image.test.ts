import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openModal, type StackModal } from '../../src/dev/stack/modal.ts';
import { packagePins } from '../../src/images/pins.ts';
import { runtimeVersion } from '../../src/images/runtime-version.ts';
import type { Sandbox } from '../../src/sandbox/provider.ts';
import { run } from '../sandbox/processes.ts';

let directory: string;
let modal: StackModal;
let sandbox: Sandbox;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'harvest-image-'));
  modal = await openModal({
    cacheDirectory: join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'harvest'),
    dataDirectory: directory,
    logDirectory: join(directory, 'logs'),
    environment: process.env,
    log: (line) => process.stderr.write(`${line}\n`),
  });
  sandbox = await modal.provider.create({
    name: 'base-image',
    image: modal.baseImage,
    command: ['sleep', 'infinity'],
    tags: {},
    timeoutSeconds: 600,
  });
}, 900_000);
afterAll(async () => {
  await sandbox?.terminate();
  await modal?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function sh(script: string): Promise<string> {
  const { stdout, stderr, code } = await run(sandbox, ['sh', '-c', script]);
  if (code !== 0) throw new Error(`${script} ended with ${code}: ${stderr}`);
  return stdout.trim();
}

const asAgent = (script: string) =>
  sh(
    `setpriv --reuid 10001 --regid 10001 --init-groups env -i HOME=/home/agent PATH="$PATH" sh -c '${script}'`,
  );

// First: what follows makes files.
test('the build left no cache and no credential behind', async () => {
  expect(
    await sh(
      'ls -A /tmp /var/lib/apt/lists /var/cache/apt/archives | grep -v -E "^/|^$|lock|partial" || true',
    ),
  ).toBe('');
  expect(await sh('ls -A /root | grep -E "npm|cache|pip" || true')).toBe('');
  expect(await sh('find / -xdev -name .npmrc -o -xdev -name pip.conf -o -xdev -name .netrc | head')).toBe('');
});

test('the agent user owns its home and the workspace', async () => {
  expect(await sh('id agent')).toBe('uid=10001(agent) gid=10001(agent) groups=10001(agent)');
  expect(await sh('stat -c "%U %n" /home/agent /workspace')).toBe('agent /home/agent\nagent /workspace');
  expect(await asAgent('touch /workspace/file && stat -c %u /workspace/file')).toBe('10001');
  expect(await sh('stat -c "%U %a" /opt/harvest')).toBe('root 755');
});

test('there is an empty place for the toolchain of repositories, and one for the state volume', async () => {
  expect(await sh('stat -c "%U %a %n" /opt/toolchain /mnt/state')).toBe(
    'agent 755 /opt/toolchain\nroot 755 /mnt/state',
  );
  expect(await sh('ls -A /opt/toolchain /mnt/state')).toBe('/mnt/state:\n\n/opt/toolchain:');
});

test('login shells find the toolchain first, but not those of root', async () => {
  const toolchain = '/opt/toolchain/venv/.first/bin:/opt/toolchain/bin:';
  const path = 'bash -lc "echo \\$PATH"';
  expect(await asAgent(path)).toMatch(new RegExp(`^${toolchain}.*/usr/bin`));
  expect(await sh(path)).not.toContain('/opt/toolchain');
});

test('uv is there without what installed it', async () => {
  expect(await asAgent('uv --version')).toContain(packagePins.uv);
  expect(await sh('command -v pip pip3 uvx || true')).toBe('');
});

test('Harvest has its own Node, apart from the one of repositories', async () => {
  expect(await sh('/opt/harvest/bin/node --version')).toBe(`v${packagePins.harvestNode}`);
  expect(await asAgent('node --version; npm --version')).toBe(`v${packagePins.node}\n${packagePins.npm}`);
  expect(await sh('cat /opt/harvest/version')).toBe(runtimeVersion);
});

test('the Agent SDK loads from where supervisors lie, and its CLI runs as the agent user', async () => {
  const program =
    'const { query } = await import("@anthropic-ai/claude-agent-sdk"); console.log(typeof query);';
  const probe = '/opt/harvest/supervisor/probe.mjs';
  await run(sandbox, ['sh', '-c', 'cat > "$0"', probe], { stdin: program });
  expect(await sh(`/opt/harvest/bin/node ${probe}`)).toBe('function');
  const cli = await sh('ls /opt/harvest/node_modules/@anthropic-ai/claude-agent-sdk-linux-*/claude');
  expect(cli.split('\n')).toHaveLength(1);
  expect(await asAgent(`${cli} --version`)).toContain('Claude Code');
  expect(await sh('ls /opt/harvest/node_modules/@modelcontextprotocol/sdk/package.json')).not.toBe('');
});

test('the tools of a session are there', async () => {
  await sh(
    'for tool in git curl jq rg python3 ps; do command -v $tool >/dev/null || { echo $tool >&2; exit 1; }; done',
  );
  expect(await asAgent('git init -q /tmp/r && git -C /tmp/r symbolic-ref HEAD')).toBe('refs/heads/main');
});

test('git as root refuses a repository of the agent user, whose settings would run as root', async () => {
  await asAgent('git init -q /workspace/theirs');
  expect((await run(sandbox, ['git', '-C', '/workspace/theirs', 'status'])).stderr).toContain(
    'dubious ownership',
  );
});

test('text is UTF-8', async () => {
  expect(await sh('python3 -c "print(\\"späť\\")"')).toBe('späť');
});
