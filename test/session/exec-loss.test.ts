/** Execs in a sandbox that is gone. */
import { describe, expect, test } from 'vitest';
import { controlSandboxes } from '../support/emulator-control.ts';
import { count, eventually, expectWholeLog, readLog } from '../support/log-checks.ts';
import { openWorld } from '../support/world.ts';

describe('a sandbox that dies while the session is idle', () => {
  test('is replaced by the next exec, which runs in the new one with the files of the last turn', async () => {
    await using world = await openWorld();
    const session = await world.session();
    await session.prompt('!bash echo kept > kept.txt\n!say kept', { id: 'first' }).result();
    await controlSandboxes().kill(session.id);
    const exec = await session.exec(['sh', '-c', 'cat kept.txt; echo ran >> runs.txt; cat runs.txt']);
    expect(exec).toMatchObject({ exitCode: 0, output: 'kept\nran\n' });
    // The hole is closed for the next prompt, too.
    await session.prompt('!say after', { id: 'second' }).result();
    const events = await readLog(session);
    expectWholeLog(events);
    expect(events.filter(({ type }) => type === 'session.resuming').map(({ data }) => data)).toEqual([
      { reason: 'sandbox-lost' },
    ]);
    expect(count(events, 'sandbox.lost')).toBe(1);
    expect(count(events, 'exec.started')).toBe(1);
    expect(count(events, 'exec.finished')).toBe(1);
    expect(count(events, 'turn.started')).toBe(2);
    expect(count(events, 'turn.restarted')).toBe(0);
  });

  test('takes an exec with it that had begun: it is lost, not run again, and the session goes on', async () => {
    await using world = await openWorld();
    const session = await world.session();
    const exec = session.exec(['sh', '-c', 'echo begun; sleep 600'], { id: 'long' });
    for await (const event of session.events()) if (event.type === 'exec.output') break;
    await controlSandboxes().kill(session.id);
    expect(await exec).toMatchObject({ exitCode: null, outcome: { status: 'lost' } });
    await eventually(
      () => session.state(),
      ({ generation, status }) => generation === 2 && status === 'idle',
    );
    expect(await session.prompt('!say after').result()).toMatchObject({ status: 'completed', text: 'after' });
    const events = await readLog(session);
    expectWholeLog(events);
    expect(count(events, 'exec.started')).toBe(1);
    expect(count(events, 'exec.finished')).toBe(1);
    expect(count(events, 'sandbox.lost')).toBe(1);
    expect(count(events, 'turn.restarted')).toBe(0);
  });
});
