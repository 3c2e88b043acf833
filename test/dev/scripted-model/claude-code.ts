import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  query,
  type SDKMessage,
  type SDKResultMessage,
  type SDKUserMessage,
} from '@anthropic-ai/claude-agent-sdk';

/** A home and a working folder for the real CLI; several processes may use it one after the other. */
export type AgentHome = {
  directory: string;
  workingDirectory: string;
  [Symbol.asyncDispose](): Promise<void>;
};

export async function createAgentHome(): Promise<AgentHome> {
  const directory = await mkdtemp(join(tmpdir(), 'scripted-model-'));
  const workingDirectory = await mkdtemp(join(directory, 'work-'));
  return {
    directory,
    workingDirectory,
    [Symbol.asyncDispose]: async () => rm(directory, { recursive: true, force: true, maxRetries: 5 }),
  };
}

export type AgentOptions = {
  home: AgentHome;
  modelUrl: string;
  /** Credential variables, and whatever else the CLI's environment should hold. */
  env: Record<string, string>;
  workingDirectory?: string;
  resume?: string;
};

export type Turn = {
  result: SDKResultMessage;
  messages: SDKMessage[];
  /** The text as it was streamed. */
  text: string;
  textDeltas: string[];
  toolCalls: { name: string; input: unknown }[];
  toolResults: string[];
};

/** The real CLI, driven by the SDK in streaming-input mode. */
export class Agent {
  readonly #prompts: SDKUserMessage[] = [];
  #wake: () => void = () => {};
  #ended = false;
  #process: ChildProcess | undefined;
  readonly #query;
  readonly #stream;

  constructor({ home, modelUrl, env, workingDirectory, resume }: AgentOptions) {
    this.#query = query({
      prompt: this.#input(),
      options: {
        cwd: workingDirectory ?? home.workingDirectory,
        env: {
          PATH: process.env['PATH'] ?? '',
          HOME: home.directory,
          CLAUDE_CODE_TMPDIR: home.directory,
          TMPDIR: home.directory,
          CLAUDE_CONFIG_DIR: join(home.directory, '.claude'),
          ANTHROPIC_BASE_URL: modelUrl,
          DISABLE_TELEMETRY: '1',
          CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
          IS_SANDBOX: '1',
          ...env,
        },
        permissionMode: 'bypassPermissions',
        allowDangerouslySkipPermissions: true,
        includePartialMessages: true,
        spawnClaudeCodeProcess: ({ command, args, cwd, env }) => {
          const child = spawn(command, args, { cwd, env, stdio: ['pipe', 'pipe', 'ignore'] });
          this.#process = child;
          return child;
        },
        ...(resume === undefined ? {} : { resume }),
      },
    });
    this.#stream = this.#query[Symbol.asyncIterator]();
  }

  async prompt(text: string, seen: (message: SDKMessage) => void = () => {}): Promise<Turn> {
    this.send(text);
    return this.turn(seen);
  }

  send(text: string): void {
    this.#prompts.push({ type: 'user', message: { role: 'user', content: text }, parent_tool_use_id: null });
    this.#wake();
  }

  /** Everything up to the next result. */
  async turn(seen: (message: SDKMessage) => void = () => {}): Promise<Turn> {
    const messages: SDKMessage[] = [];
    for (;;) {
      const next = await this.#stream.next();
      if (next.done === true) throw new Error('the CLI ended without a result');
      messages.push(next.value);
      seen(next.value);
      if (next.value.type === 'result') return summarize(messages, next.value);
    }
  }

  async interrupt(): Promise<void> {
    await this.#query.interrupt();
  }

  /** SIGKILL: the CLI has no chance to tidy up. A tool that it runs goes on. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined) throw new Error('the CLI has not been started');
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#wake();
    this.#query.close();
    const child = this.#process;
    if (child !== undefined && child.exitCode === null && child.signalCode === null)
      await once(child, 'exit');
  }

  async *#input(): AsyncGenerator<SDKUserMessage> {
    while (!this.#ended) {
      const prompt = this.#prompts.shift();
      if (prompt !== undefined) yield prompt;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

function summarize(messages: SDKMessage[], result: SDKResultMessage): Turn {
  const textDeltas = messages.flatMap((message) => {
    if (message.type !== 'stream_event' || message.event.type !== 'content_block_delta') return [];
    return message.event.delta.type === 'text_delta' ? [message.event.delta.text] : [];
  });
  const toolCalls = messages.flatMap((message) => {
    if (message.type !== 'assistant') return [];
    return message.message.content.flatMap((block) =>
      block.type === 'tool_use' ? [{ name: block.name, input: block.input }] : [],
    );
  });
  const toolResults = messages.flatMap((message) => {
    if (message.type !== 'user' || typeof message.message.content === 'string') return [];
    return message.message.content.flatMap((block) =>
      block.type === 'tool_result' ? [JSON.stringify(block.content)] : [],
    );
  });
  return { result, messages, text: textDeltas.join(''), textDeltas, toolCalls, toolResults };
}
