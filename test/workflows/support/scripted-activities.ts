/** Activities that play what a test tells them, and remember what they were asked: plain objects, no sandbox. */
import { ApplicationFailure } from '@temporalio/common';
import type {
  ExecReport,
  RecordEventsInput,
  RunExecInput,
  RunTurnInput,
  SessionActivities,
  TakeSnapshotInput,
  TurnReport,
} from '../../../src/activities/types.ts';
import type { Checkpoint, OwnEvent } from '../../../src/contracts/index.ts';

type TurnScript = (input: RunTurnInput) => TurnReport | Promise<TurnReport>;

export type ScriptedActivities = SessionActivities & {
  events: OwnEvent[];
  calls: string[];
  interrupts: string[];
};

export function ended(input: RunTurnInput, status: 'completed' | 'interrupted' = 'completed'): TurnReport {
  return {
    kind: 'ended',
    outcome: { status },
    answer: `answer to ${input.turnId}`,
    totals: {
      costUsd: 0.5,
      durationMs: 1,
      usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0 },
    },
    checkpoint: checkpoint(input, `turn-${input.turnId}`),
  };
}

function checkpoint(input: { sessionId: string; generation: number }, checkpointId: string): Checkpoint {
  return {
    checkpointId,
    sessionId: input.sessionId,
    generation: input.generation,
    turnId: null,
    at: '2026-01-01T00:00:00.000Z',
    carried: [],
    transcript: null,
    snapshot: null,
  };
}

export function scriptedActivities(script: {
  turn?: TurnScript;
  start?: (generation: number) => void;
  snapshot?: (input: TakeSnapshotInput) => void;
  end?: () => void;
  exec?: (input: RunExecInput) => ExecReport | Promise<ExecReport>;
  record?: (input: RecordEventsInput) => void;
}): ScriptedActivities {
  const events: OwnEvent[] = [];
  const calls: string[] = [];
  const interrupts: string[] = [];
  const turns = new Map<string, number>();
  const note = (name: string, input: { events: OwnEvent[] }): void => {
    calls.push(name);
    events.push(...input.events);
  };
  return {
    events,
    calls,
    interrupts,
    createSandbox: async (input) => {
      note(`create g${input.generation}${input.snapshot === null ? '' : ' from snapshot'}`, input);
      return {
        sandboxId: `sb-${input.generation}`,
        imageId: 'im-base',
        from: input.snapshot === null ? 'base' : 'snapshot',
      };
    },
    startSupervisor: async (input) => {
      note(`start g${input.generation} ${input.restore?.checkpointId ?? 'new'}`, input);
      script.start?.(input.generation);
      return {
        heads: [{ repository: 'demo', branch: 'harvest/x', head: 'a'.repeat(40) }],
        runtimeVersion: '1-sdk.0.0.0',
      };
    },
    runTurn: async (input) => {
      const attempt = (turns.get(input.turnId) ?? 0) + 1;
      turns.set(input.turnId, attempt);
      note(`turn ${input.turnId} #${attempt}`, input);
      return script.turn === undefined ? ended(input) : script.turn(input);
    },
    interruptTurn: async (input) => {
      note('interrupt', input);
      interrupts.push(input.turnId);
    },
    runExec: async (input) => {
      note(`exec ${input.exec.id}`, input);
      return script.exec === undefined
        ? { kind: 'ended', outcome: { status: 'exited', exitCode: 0 }, output: 'done' }
        : script.exec(input);
    },
    takeSnapshot: async (input) => {
      note('snapshot', input);
      script.snapshot?.(input);
      return {
        ...checkpoint(input, input.checkpointId),
        snapshot: { imageId: 'im-snapshot', runtimeVersion: '1-sdk.0.0.0', generation: input.generation },
      };
    },
    endSandboxes: async (input) => {
      note('end', input);
      script.end?.();
    },
    closeSession: async (input) => note('close', input),
    recordEvents: async (input) => {
      script.record?.(input);
      note('record', input);
    },
  };
}

export function fail(type: string, message: string): never {
  throw ApplicationFailure.nonRetryable(message, type);
}
