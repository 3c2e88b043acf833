import { expect, test } from 'vitest';
import { searchAttributes } from '../../src/contracts/search-attributes.ts';
import * as messages from '../../src/contracts/session-messages.ts';
import { session } from '../../src/workflows/session.ts';
import { scriptedActivities } from './support/scripted-activities.ts';
import { SessionHarness, until } from './support/session-harness.ts';

const harness = new SessionHarness();

/** Temporal ends a workflow whose search attributes are too large: what it takes is measured here. */
test('a session of as many repositories with as long URLs as it may have begins like any other', async () => {
  const path = 'x'.repeat(1_900);
  const repositories = Array.from({ length: 8 }, (_, index) => ({
    url: `http://127.0.0.1:1/"${path}/${index}.git`,
    name: `demo-${index}`,
  }));
  const user = { name: 'Ada', email: `${'a'.repeat(60)}@${`${'b'.repeat(60)}.`.repeat(3)}example` };
  await harness.run(scriptedActivities({}), async (first) => {
    const handle = await harness.client.workflow.start(session, {
      taskQueue: (await first.describe()).taskQueue,
      workflowId: 'session-long',
      args: [{ sessionId: 'long', repositories, user }],
    });
    await until(
      () => handle.query(messages.stateQuery),
      (state) => state.status === 'idle',
    );
    const { typedSearchAttributes } = await handle.describe();
    const urls = typedSearchAttributes.get(searchAttributes.repository);
    expect(urls).toEqual(repositories.map(({ url }) => url.slice(-250)));
    expect(typedSearchAttributes.get(searchAttributes.user)).toBe(user.email);
    for (const open of [handle, first]) {
      await open.executeUpdate(messages.terminateUpdate, { args: [{}] });
      await open.result();
    }
  });
});
