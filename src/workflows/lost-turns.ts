/**
 * Turns that ended with their sandbox: no checkpoint holds their conversation. The agent that comes after is told what had
 * been asked for, so that it does not remember less than the event log shows. Nothing here acts.
 */
import type { TurnOutcome } from '../contracts/turn.ts';
import { remember } from './remember.ts';
import type { LostTurn, QueuedPrompt, SessionData } from './session-data.ts';

const mostTurns = 5;
const mostCharacters = 2_000;

/** The session itself has ended a turn whose agent had begun. */
export function noteLostTurn(
  data: SessionData,
  { text, steers, ranIn }: QueuedPrompt,
  { status }: TurnOutcome,
): void {
  if (ranIn === undefined) return;
  const said = [text, ...steers.map((steer) => steer.text)].join('\n\n');
  const asked = said.length > mostCharacters ? `${said.slice(0, mostCharacters)} […]` : said;
  const how = status === 'failed' ? 'failed' : 'was interrupted';
  remember(data.lostTurns, { asked, how, generation: ranIn }, mostTurns);
}

/** A snapshot holds what its sandbox holds. */
export function keepSavedTurns(data: SessionData): void {
  data.lostTurns = data.lostTurns.filter(({ generation }) => generation < data.generation);
}

/** For the agent of this generation; undefined when it remembers everything. */
export function lostTurnsNotice({ lostTurns, generation }: SessionData): string | undefined {
  const lost = lostTurns.filter((turn) => turn.generation < generation);
  if (lost.length === 0) return undefined;
  return lost.map(({ asked, how }) => sentence(how, asked)).join('\n\n');
}

function sentence(how: LostTurn['how'], asked: string): string {
  return (
    `[Harvest] An earlier turn ${how}, and its sandbox was lost with your memory of it and with what it had done there; ` +
    `what it pushed or sent elsewhere is not. Do not do it again unless you are asked to. It had been asked:\n${quoted(asked)}`
  );
}

/** So that it is not taken for a request. */
function quoted(text: string): string {
  return text.replaceAll(/^/gm, '> ');
}
