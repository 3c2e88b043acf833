import { expect, test } from 'vitest';
import { RequestFailed, SessionClosed } from '../../src/client.ts';
import { aRequest } from './fixtures/stand.ts';
import { standOfFile } from './support/stand-of-file.ts';

const { stand, harvest } = standOfFile();

test('interrupt resolves with the interrupted turn, and with null when nothing runs', async () => {
  await using session = await harvest().createSession(aRequest());
  expect(await session.interrupt()).toBeNull();
  const turn = session.prompt('hold', { id: 'long' });
  for await (const event of turn) if (event.type === 'turn.started') break;
  expect(await session.interrupt()).toMatchObject({ turnId: 'long', status: 'interrupted', text: 'so far' });
  expect(await turn.result()).toMatchObject({ status: 'interrupted' });
});

test('interrupt resolves with a turn that had ended when the session did not know it yet', async () => {
  const options = { environment: { REPORT: 'waits' } };
  await using session = await harvest().createSession(aRequest({ options }));
  const result = await session.prompt('say done', { id: 'short' }).result();
  const interrupting = session.interrupt('short');
  await interrupting.accepted;
  await stand().openGate(session.id);
  expect(await interrupting).toEqual(result);
});

test('pause, resume and checkpoint resolve with their outcome, and again when there is nothing to do', async () => {
  await using session = await harvest().createSession(aRequest());
  const paused = await session.pause();
  expect(paused.checkpointId).toBeTypeOf('string');
  expect(await session.state()).toMatchObject({ status: 'paused', ...paused });
  expect(await session.pause()).toEqual(paused);
  expect(await session.checkpoint()).toEqual(paused);
  expect(await session.resume()).toMatchObject({ status: 'idle', generation: 2 });
  expect(await session.resume()).toMatchObject({ status: 'idle', generation: 2 });
  const taken = await session.checkpoint();
  expect(taken).not.toEqual(paused);
  await expect.poll(async () => session.state()).toMatchObject(taken);
});

test('resume while the session is being paused waits for the sandbox that comes after', async () => {
  const options = { environment: { SNAPSHOT: 'waits' } };
  await using session = await harvest().createSession(aRequest({ options }));
  expect(await session.resume()).toMatchObject({ status: 'idle', sandboxId: 'sb-1' });
  const pausing = session.pause();
  await pausing.accepted;
  await expect.poll(async () => (await session.state()).status).toBe('pausing');
  const resuming = session.resume();
  await resuming.accepted;
  await stand().openGate(session.id);
  const resumed = await resuming;
  expect(resumed).toMatchObject({ status: 'idle', sandboxId: 'sb-2' });
  expect(await pausing).toEqual({ checkpointId: resumed.checkpointId });
});

test('a resume that a later pause takes back resolves with the session as it is: paused', async () => {
  const options = { environment: { SNAPSHOT: 'waits' } };
  await using session = await harvest().createSession(aRequest({ options }));
  await session.resume();
  const pausing = session.pause();
  await pausing.accepted;
  await expect.poll(async () => (await session.state()).status).toBe('pausing');
  const resuming = session.resume();
  await resuming.accepted;
  const again = session.pause();
  await again.accepted;
  await stand().openGate(session.id);
  expect(await resuming).toMatchObject({ status: 'paused' });
  expect(await again).toEqual(await pausing);
});

test('pause and checkpoint during a restore that fails resolve with the checkpoint that the session has', async () => {
  const options = { environment: { RESTORE: 'waits and fails' } };
  await using session = await harvest().createSession(aRequest({ options }));
  const { checkpointId } = await session.pause();
  const resuming = session.resume();
  await expect.poll(async () => (await session.state()).status).toBe('resuming');
  const both = [session.pause(), session.checkpoint()];
  await Promise.all(both.map(async ({ accepted }) => accepted));
  await stand().openGate(session.id);
  await expect(resuming).rejects.toThrow(RequestFailed);
  expect(await Promise.all(both)).toEqual([{ checkpointId }, { checkpointId }]);
  expect((await session.state()).status).toBe('paused');
});

test('a pause waits for the running turn; only its request does not', async () => {
  await using session = await harvest().createSession(aRequest());
  const turn = session.prompt('hold');
  for await (const event of turn) if (event.type === 'turn.started') break;
  const pausing = session.pause();
  await pausing.accepted;
  expect((await session.state()).status).toBe('running');
  await session.interrupt();
  await pausing;
  expect((await session.state()).status).toBe('paused');
});

test('a session that cannot be brought back says why', async () => {
  const options = { environment: { RESTORE: 'fails' } };
  await using session = await harvest().createSession(aRequest({ options }));
  await session.pause();
  const resuming = session.resume();
  await expect(resuming).rejects.toThrow(RequestFailed);
  await expect(resuming).rejects.toThrow('the session could not be resumed: no image');
});

test('a session that was paused for its retention time has expired', async () => {
  const options = { retentionSeconds: 1 };
  await using session = await harvest().createSession(aRequest({ options }));
  await session.pause();
  await expect.poll(async () => (await session.state()).status).toBe('closed');
  const sentence = `Session "${session.id}" is closed (expired): start a new one.`;
  await expect(session.prompt('say hello').accepted).rejects.toThrow(sentence);
  await expect(session.resume()).rejects.toThrow(SessionClosed);
  await expect(session.setBudget(1)).rejects.toThrow(SessionClosed);
});
