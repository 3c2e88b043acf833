/** The recorded streams, and what the mapper makes of them, in lines that can be read. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import { type AgentStep, createAgentEventMapper } from '../../src/agent/agent-events.ts';
import { createCoalescer } from '../../src/agent/coalesce.ts';
import { type EventBody, eventBodySchema } from '../../src/contracts/events.ts';

export function recorded(name: string): SDKMessage[] {
  const lines = readFileSync(join(import.meta.dirname, 'fixtures', `${name}.jsonl`), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as SDKMessage);
}

export function stepsOf(messages: readonly SDKMessage[]): AgentStep[] {
  const mapper = createAgentEventMapper();
  return messages.flatMap((message) => mapper.map(message));
}

/** Deltas joined as the supervisor joins them, ids replaced by the order in which they appear. */
export function told(messages: readonly SDKMessage[]): string[] {
  const lines: string[] = [];
  const ids = new Map<string, string>();
  const short = (id: string): string => {
    if (!ids.has(id)) ids.set(id, `#${ids.size + 1}`);
    return ids.get(id) ?? id;
  };
  const tell = (body: EventBody): void => {
    lines.push(lineOf(eventBodySchema.parse(body), short));
  };
  const coalescer = createCoalescer({ emit: tell, timers: { set: () => 1, clear: () => undefined } });
  for (const step of stepsOf(messages)) {
    if (step.kind === 'delta') {
      coalescer.add(step.body);
      continue;
    }
    coalescer.flush();
    if (step.kind === 'event') tell(step.body);
    else lines.push(`result ${JSON.stringify(step.result.outcome)} ${JSON.stringify(step.result.answer)}`);
  }
  return lines;
}

function lineOf(body: EventBody, short: (id: string) => string): string {
  switch (body.type) {
    case 'agent.text.delta':
    case 'agent.thinking.delta':
      return `${body.type} ${short(body.data.messageId)}.${body.data.block} ${body.data.text}`;
    case 'agent.text':
      return `${body.type} ${short(body.data.messageId)} ${body.data.text}`;
    case 'tool.started': {
      const { toolUseId, name, input, parentToolUseId } = body.data;
      const parent = parentToolUseId === undefined ? '' : ` in ${short(parentToolUseId)}`;
      return `${body.type} ${short(toolUseId)}${parent} ${name} ${JSON.stringify(input)}`;
    }
    case 'tool.finished': {
      const { toolUseId, isError, output } = body.data;
      return `${body.type} ${short(toolUseId)} ${isError ? 'error' : 'ok'} ${output}`;
    }
    case 'agent.ready':
      return `${body.type} ${body.data.version}`;
    case 'agent.retrying':
      return `${body.type} ${body.data.attempt} ${body.data.message}`;
    case 'agent.message':
      return `${body.type} ${body.data.kind}`;
    default:
      return body.type;
  }
}
