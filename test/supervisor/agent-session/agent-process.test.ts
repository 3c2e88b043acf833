import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AgentProcess } from '../../../src/supervisor/agent-session/agent-process.ts';
import { messageUuid } from '../../../src/supervisor/agent-session/message-uuid.ts';
import { runNameOf } from '../../../src/supervisor/processes/run-name.ts';
import { parseSettings } from '../../../src/supervisor/settings.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'harvest-agent-process-'));
  chmodSync(folder, 0o755);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('an agent that ends with exit code 0 and without a result has ended without a result', async () => {
  const program = join(folder, 'ends-at-once.mjs');
  copyFileSync(join(import.meta.dirname, 'fixtures/ends-at-once.mjs'), program);
  const settings = parseSettings([
    '--state',
    join(folder, 'state'),
    '--agent-home',
    folder,
    '--no-exclusive-agent-user',
  ]);
  const agent = await AgentProcess.start({
    settings,
    options: {
      cwd: folder,
      env: { PATH: '/usr/bin:/bin' },
      pathToClaudeCodeExecutable: program,
      executable: 'node',
    },
    run: runNameOf(settings, 'agent.1'),
    onMessage: () => undefined,
  });
  agent.send({ text: 'Hello.', uuid: messageUuid('hello', 0) });
  expect((await agent.exited).message).toContain(
    'the agent ended without a result: it ended with exit code 0',
  );
  expect(agent.hasEnded).toBe(true);
});
