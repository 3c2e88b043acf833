import { expect, test } from 'vitest';
import { SituationReader } from '../../chaos/run/situation.ts';

test('session and turn are read from the events as they come', () => {
  const situation = new SituationReader();
  const states = [
    'session.created',
    'session.ready',
    'turn.started',
    'tool.started',
    'tool.finished',
    'agent.text.delta',
    'turn.completed',
    'exec.started',
    'exec.finished',
    'session.pausing',
    'session.paused',
    'session.closed',
  ] as const;
  const seen = states.map((type) => {
    situation.read({ type });
    return situation.state;
  });
  expect(seen).toEqual([
    'starting',
    'idle',
    'running/started',
    'running/tool',
    'running/thinking',
    'running/speaking',
    'idle',
    'idle/exec',
    'idle',
    'pausing',
    'paused',
    'closed',
  ]);
});
