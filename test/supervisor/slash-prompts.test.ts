/** A prompt is text, also when Claude Code would take it for one of its own commands. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordOf } from './support/client.ts';
import { TestSession } from './support/session.ts';
import { createWorld, type World } from './support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => {
  await world.close();
});

test('a prompt that begins with a slash reaches the model as it was written, and the conversation stays', async () => {
  const session = await TestSession.begin(world);
  const answerTo = async (turnId: string, ...lines: string[]): Promise<string> => {
    const { outcome, answer } = recordOf(await session.turn(turnId, lines), 'turn.ended');
    expect(outcome).toEqual({ status: 'completed' });
    return answer;
  };
  // Also as the very first words of a conversation.
  expect(await answerTo('first', '/remember the word tamarind', '!say noted')).toBe('noted');
  for (const command of ['/clear', '/compact', '/cost', '/unknown thing', '/etc/hosts is broken, fix it']) {
    const turnId = `turn-${command.replaceAll(/\W/g, '-')}`;
    expect(await answerTo(turnId, command, '!say heard')).toBe('heard');
    expect(newestPrompt()).toBe(`${command}\n!say heard`);
  }
  expect(await answerTo('last', 'Which one?', '!recall word ([a-z]+)')).toContain('tamarind');
});

/** The last text of the newest request to the model. */
function newestPrompt(): string | undefined {
  const body = world.model.requests.at(-1)?.body as { messages: { content: { text?: string }[] }[] };
  return body.messages.at(-1)?.content.at(-1)?.text;
}
