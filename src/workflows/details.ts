/** What people see of a session in the Temporal UI: current details in Markdown, and summaries of activities. */
import type { SessionInput } from '../contracts/session-input.ts';
import type { SessionClocks } from '../contracts/session-state.ts';
import { isSpent } from './budget.ts';
import { runningTurnId } from './decisions.ts';
import type { SessionData } from './session-data.ts';

/** What a glance is for comes first: the Temporal UI shows about ten lines without scrolling. */
export function renderDetails(input: SessionInput, data: SessionData, clocks: SessionClocks): string {
  const current = data.queue[0];
  const waiting = data.queue.length - (runningTurnId(data) === null ? 0 : 1);
  const lines = [
    headline(data),
    '',
    ...hindrances(data),
    ...(current === undefined ? [] : [`> ${oneLine(current.text, 300)}`, '']),
    ...input.repositories.map((repository) => `- repository: \`${repository.url}\` (${repository.branch})`),
    `- user: ${input.user.name} · turns ended: ${data.turns} · queued: ${waiting} · cost: ${costs(data)}`,
    ...clockLines(clocks),
    `- generation ${data.generation}${data.sandbox === null ? ', no sandbox' : `, sandbox \`${data.sandbox.sandboxId}\``}`,
  ];
  for (const head of data.heads) {
    lines.push(`- git: \`${head.repository}\` ${head.branch ?? 'detached'} at \`${head.head.slice(0, 12)}\``);
  }
  if (data.checkpoint !== null) lines.push(`- last checkpoint: \`${data.checkpoint.checkpointId}\``);
  // The UI cuts off the last line: an empty one.
  return [...lines, '', '\u00a0'].join('\n');
}

/** What keeps the session from going on. */
function hindrances(data: SessionData): string[] {
  const { waiting, budgetUsd, queue } = data;
  const lines: string[] = [];
  if (waiting !== null)
    lines.push(`⏳ waiting for a sandbox since ${waiting.since}: ${oneLine(waiting.message, 200)}`, '');
  if (budgetUsd !== null && isSpent(data)) {
    const prompts = queue.length > 0 ? ` (${queue.length} queued)` : '';
    lines.push(`⏳ the budget of $${budgetUsd} is used up: prompts wait until it is raised${prompts}`, '');
  }
  return lines;
}

function costs({ costUsd, spentUsd, budgetUsd }: SessionData): string {
  const spent = spentUsd > costUsd ? ` (spent: $${spentUsd.toFixed(4)})` : '';
  return `$${costUsd.toFixed(4)}${spent}${budgetUsd === null ? '' : ` of $${budgetUsd}`}`;
}

function clockLines({ pausesAt, turnEndsAt, rollsOverAt, closesAt }: SessionClocks): string[] {
  const shown = [
    ['pauses when idle', pausesAt],
    ['the turn is stopped', turnEndsAt],
    ['the sandbox is left', rollsOverAt],
    ['closes, and its checkpoints go', closesAt],
  ].flatMap(([what, at]) => (at === null ? [] : [`${what} at ${at}`]));
  return shown.length === 0 ? [] : [`- clocks: ${shown.join(' · ')}`];
}

function headline(data: SessionData): string {
  const { phase } = data;
  switch (phase.status) {
    case 'running':
      return runningTurnId(data) === null ? '**between two turns**' : `**running** turn \`${phase.turnId}\``;
    case 'closed':
      return `**closed**: ${phase.reason}${phase.message === undefined ? '' : ` (${phase.message})`}`;
    case 'starting':
    case 'idle':
    case 'pausing':
    case 'paused':
    case 'resuming':
    case 'terminating':
      return `**${phase.status}**`;
  }
}

export function turnSummary(turnId: string, text: string): string {
  return `turn ${turnId}: ${oneLine(text, 100)}`;
}

function oneLine(text: string, most: number): string {
  const flat = text.replaceAll(/\s+/g, ' ').trim();
  // Not in the middle of a character.
  return flat.length <= most ? flat : `${flat.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
