/**
 * One process of the agent (Claude Code, driven by the Agent SDK): spawned as the agent user, told messages, and ended as a
 * whole. It knows nothing of turns. `exited` resolves once, after the last message, and only when the process and all it
 * started are gone: a tool outlives its agent otherwise.
 */
import type { Options, Query, SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { spawnAsAgentUser } from '../processes/agent-user.ts';
import { endRun } from '../processes/sweep.ts';
import type { Settings } from '../settings.ts';
import { agentSdk } from './agent-sdk.ts';
import { InputQueue } from './input-queue.ts';
import type { Uuid } from './message-uuid.ts';

export type AgentProcessInput = {
  settings: Settings;
  options: Options;
  /** From `runNameOf`. */
  run: string;
  onMessage: (message: SDKMessage) => void;
};

export type AgentExit = { message: string };

export type AgentMessage = {
  text: string;
  uuid: Uuid;
  /** Said into what the agent works on: it ends the tool calls that run, then reads it. */
  isSteer?: boolean;
};

const receiptSchema = z.object({ cancelled: z.array(z.string()).optional() });

const endSeconds = 10;
const stderrCharacters = 2_000;

export class AgentProcess {
  readonly exited: Promise<AgentExit>;
  readonly #input: AgentProcessInput;
  readonly #queue = new InputQueue();
  readonly #query: Query;
  #child: ChildProcess | null = null;
  #killed = false;
  #end: string | null = null;
  #stderr = '';

  static async start(input: AgentProcessInput): Promise<AgentProcess> {
    return new AgentProcess(input, await agentSdk());
  }

  private constructor(input: AgentProcessInput, { query }: Awaited<ReturnType<typeof agentSdk>>) {
    this.#input = input;
    const { options } = input;
    this.#query = query({
      prompt: this.#queue,
      options: {
        ...options,
        spawnClaudeCodeProcess: ({ command, args, cwd, env }) =>
          this.#spawn([command, ...args], { cwd: cwd ?? '/', env }),
      },
    });
    this.exited = this.#run();
  }

  /**
   * Always as text. Claude Code takes a leading slash for one of its own commands: `/clear` would forget the conversation,
   * `/cost` answer without the model. What is marked as composed by its client is delivered as written; only where it is
   * needed, because the agent then gets its reminders (nested CLAUDE.md files, skills) after its first tool call instead.
   */
  send({ text, uuid, isSteer = false }: AgentMessage): void {
    const message = { role: 'user', content: text } as const;
    const verbatim = text.startsWith('/') ? ({ client_composed: true } as const) : {};
    const priority = isSteer ? ({ priority: 'now' } as const) : {};
    this.#queue.push({ type: 'user', message, parent_tool_use_id: null, uuid, ...priority, ...verbatim });
  }

  /**
   * Asks once, and resolves to the ids of messages that the agent had not begun with and now drops: no result answers them.
   * Whether the turn ends is seen in its result: asked before the turn has begun, the agent may not heed it.
   */
  async interrupt(): Promise<readonly string[]> {
    // The option is the SDK's own, left out of its types: a waiting message would start a turn of its own otherwise.
    const query: { interrupt(options: { cancelQueued: true }): Promise<unknown> } = this.#query;
    const receipt = await query.interrupt({ cancelQueued: true }).catch(() => undefined);
    return receiptSchema.parse(receipt ?? {}).cancelled ?? [];
  }

  /** For what the agent asks from now on; undefined for its own default. Resolves when it is set, or the agent is gone. */
  async setModel(model: string | undefined): Promise<void> {
    const set = this.#query.setModel(model).catch(() => undefined);
    await Promise.race([set, this.exited]);
  }

  /** `exited` is about to resolve. */
  get hasEnded(): boolean {
    return this.#end !== null;
  }

  /** Lets the agent end by itself, so that it writes the rest of its transcript; kills it when that takes too long. */
  async end(): Promise<void> {
    this.#queue.end();
    await Promise.race([this.exited, delay(endSeconds * 1_000, undefined, { ref: false })]);
    await this.kill();
  }

  async kill(): Promise<void> {
    this.#killed = true;
    this.#queue.end();
    this.#child?.kill('SIGKILL');
    await this.exited;
  }

  #spawn(argv: [string, ...string[]], at: { cwd: string; env: Record<string, string | undefined> }) {
    const child = spawnAsAgentUser(this.#input.settings, { argv, ...at, run: this.#input.run });
    this.#child = child;
    // The SDK spawns some time after it was asked to.
    if (this.#killed) child.kill('SIGKILL');
    child.stderr.on('data', (data: Buffer) => {
      this.#stderr = (this.#stderr + data.toString()).slice(-stderrCharacters);
    });
    child.once('error', (error) => (this.#end ??= `it could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      this.#end ??= signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
    });
    return child;
  }

  async #run(): Promise<AgentExit> {
    let thrown = '';
    try {
      for await (const message of this.#query) this.#input.onMessage(message);
    } catch (error) {
      thrown = error instanceof Error ? error.message : String(error);
    }
    // Only now: what the agent started in the background must not outlive it either.
    await endRun(this.#input.settings, { name: this.#input.run, ...this.#rootIfAlive() });
    const cause = this.#end ?? (thrown === '' ? 'its output ended' : thrown);
    const stderr = this.#stderr.trim();
    return { message: `the agent ended without a result: ${cause}${stderr === '' ? '' : ` (${stderr})`}` };
  }

  /** The id of a process that ended may be another's by now. */
  #rootIfAlive(): { root?: number } {
    const child = this.#child;
    const isAlive = child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
    return isAlive ? { root: child.pid } : {};
  }
}
