import { expect, test } from 'vitest';
import { SessionExists, SessionIdUsed } from '../../src/client.ts';
import { workflowIdOf } from '../../src/contracts/ids.ts';
import { aRequest } from './fixtures/stand.ts';
import { standOfFile } from './support/stand-of-file.ts';
import { withTemporal } from './support/with-temporal.ts';

const { stand, harvest } = standOfFile();

/** As Temporal does when a session's retention is over. */
async function forget(sessionId: string): Promise<void> {
  const workflowId = workflowIdOf(sessionId);
  await withTemporal(stand(), async (client) => {
    const of = { namespace: 'default', workflowExecution: { workflowId } };
    await client.workflowService.deleteWorkflowExecution(of);
    const known = async (): Promise<string> =>
      client.workflow
        .getHandle(workflowId)
        .describe()
        .then(
          ({ status }) => status.name,
          (error: unknown) => String(error),
        );
    await expect.poll(known).toMatch(/not found/i);
  });
}

test('a session id that Temporal has forgotten and the store has not is refused with one sentence', async () => {
  const request = aRequest({ sessionId: 'again', keep: true });
  const session = await harvest().createSession(request);
  await session.prompt('say once').result();
  await session.terminate();
  // As long as Temporal knows the session, its request attaches and another one is told so.
  expect((await harvest().createSession(request)).id).toBe('again');
  await expect(
    harvest().createSession({ ...request, user: { name: 'Bob', email: 'b@c.de' } }),
  ).rejects.toThrow(SessionExists);
  await forget('again');
  const refused = harvest().createSession(request);
  await expect(refused).rejects.toThrow(SessionIdUsed);
  await expect(refused).rejects.toThrow(
    'session id "again" was used by an earlier session, and its event log is kept: choose another id',
  );
  const types = await Array.fromAsync(harvest().session('again').events(), ({ type }) => type);
  expect(types.at(0)).toBe('session.created');
  expect(types.at(-1)).toBe('session.closed');
});

test('a session is found by its repository however long its URL is', async () => {
  const path = 'x'.repeat(1_900);
  const repositories = ['one', 'two', 'three'].map((name) => ({
    url: `http://127.0.0.1/${path}/${name}.git`,
    name,
  }));
  await using session = await harvest().createSession(aRequest({ repositories }));
  for (const { url } of repositories) {
    await expect
      .poll(async () => (await harvest().listSessions({ repository: url })).map(({ sessionId }) => sessionId))
      .toEqual([session.id]);
  }
  expect(await harvest().listSessions({ repository: `http://127.0.0.1/${path}/four.git` })).toEqual([]);
});
