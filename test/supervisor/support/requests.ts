/** Requests with what most tests do not care about filled in. */
import type { StartRequest, TurnRequest } from '../../../src/contracts/supervisor.ts';
import type { World } from './world.ts';

export function startRequest(world: World, url: string, more: Partial<StartRequest> = {}): StartRequest {
  return {
    from: 0,
    sessionId: 'story',
    generation: 1,
    agent: true,
    repositories: [{ name: 'fruit', url, branch: 'main' }],
    fromRepoImage: false,
    branch: 'harvest/story',
    user: { name: 'Ada', email: 'ada@example.com' },
    model: { url: world.model.url },
    secrets: { github: world.gitToken, claude: world.modelCredential },
    ...more,
    environment: { ...world.agentVariables, ...more.environment },
  };
}

export function turnRequest(turnId: string, text: string, more: Partial<TurnRequest> = {}): TurnRequest {
  return { from: 0, turnId, text, continuation: 0, options: {}, steers: [], ...more };
}
