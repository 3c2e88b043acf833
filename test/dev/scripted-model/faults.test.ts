import { expect, test } from 'vitest';
import { Agent, createAgentHome } from './claude-code.ts';
import { oauth, startModel } from './model.ts';

test('what is switched on from outside strikes the next requests, whatever they ask, and no more', async () => {
  await using home = await createAgentHome();
  await using model = await startModel();
  await using agent = new Agent({ home, modelUrl: model.url, env: oauth });
  model.faults.failNext(2, 529);
  const failed = await agent.prompt('!say after two refusals');
  expect(failed.result).toMatchObject({ subtype: 'success', result: 'after two refusals' });
  model.faults.cutNext(1);
  const cut = await agent.prompt('!say after a cut');
  expect(cut.result).toMatchObject({ subtype: 'success', result: 'after a cut' });
  const statuses = model.requests.map(({ status }) => status);
  expect(statuses.filter((status) => status === 529)).toHaveLength(2);
  expect(statuses.filter((status) => status === 200)).toHaveLength(3);
});
