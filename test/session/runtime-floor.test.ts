import { expect, test } from 'vitest';
import { controlSandboxes, supervisorPid } from '../support/emulator-control.ts';
import { expectWholeLog, readLog } from '../support/log-checks.ts';
import { openWorld } from '../support/world.ts';

test('a snapshot of an older build is not used: the session comes back from the base image with its work', async () => {
  await using world = await openWorld();
  const session = await world.session();
  await session.prompt('Remember the word "medlar".\n!bash echo kept > kept.txt\n!say noted').result();
  // As a sandbox of a build whose runtime was below today's floor; the supervisor reads it at its start.
  await controlSandboxes().execAsRoot(
    session.id,
    `echo 0-sdk.0.1.0 > /opt/harvest/version; kill -KILL $(${supervisorPid})`,
  );
  await session.pause();
  const result = await session.prompt('Which word?\n!bash cat kept.txt\n!recall word "([a-z]+)"').result();
  expect(result).toMatchObject({ status: 'completed' });
  expect(result.text).toContain('medlar');
  expect((await session.exec(['cat', 'kept.txt'])).output).toBe('kept\n');
  const events = await readLog(session);
  expectWholeLog(events);
  const images = events.flatMap((event) => (event.type === 'sandbox.creating' ? [event.data.image] : []));
  expect(images).toEqual(['base', 'base']);
  expect(events.find((event) => event.type === 'warning')?.data).toMatchObject({
    message: expect.stringContaining('0-sdk.0.1.0'),
  });
});
