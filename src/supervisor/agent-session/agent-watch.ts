/** How long the agent has been quiet, and which of its tools run: a tool that runs for an hour in silence is not silence. */
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import type { SupervisorStatus } from '../../contracts/supervisor.ts';

export class AgentWatch {
  /** Of the agent and of its subagents. */
  readonly #tools = new Set<string>();
  #heardAtMs = performance.now();

  /** A turn begins: what was quiet before it does not count. */
  begin(): void {
    this.#heardAtMs = performance.now();
    this.#tools.clear();
  }

  hear(message: SDKMessage): void {
    this.#heardAtMs = performance.now();
    // Whatever ran has ended, also a call that was broken off and has no result.
    if (message.type === 'result') this.#tools.clear();
    if (message.type === 'assistant') {
      for (const block of message.message.content) if (block.type === 'tool_use') this.#tools.add(block.id);
    }
    if (message.type !== 'user' || typeof message.message.content === 'string') return;
    for (const block of message.message.content) {
      if (block.type === 'tool_result') this.#tools.delete(block.tool_use_id);
    }
  }

  get state(): NonNullable<SupervisorStatus['agent']> {
    return { quietMs: Math.round(performance.now() - this.#heardAtMs), runningTools: this.#tools.size };
  }
}
