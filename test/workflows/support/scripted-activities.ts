/** Activities that play what a test tells them, and remember what they were asked: plain objects, no sandbox. */
import { ApplicationFailure } from '@temporalio/common';
import type {
  CreateSandboxInput,
  ExecReport,
  InterruptTurnInput,
  PrepareCheckpointInput,
  PreparedCheckpoint,
  RecordEventsInput,
  RunExecInput,
  RunTurnInput,
  SessionActivities,
  SteerReport,
  SteerTurnInput,
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
    steered: [],
  };
}

export function checkpoint(
  input: { sessionId: string; generation: number },
  checkpointId: string,
): Checkpoint {
  return {
    checkpointId,
    sessionId: input.sessionId,
    generation: input.generation,
    turnId: null,
    at: '2026-01-01T00:00:00.000Z',
    carried: [],
    transcript: null,
    snapshot: null,
    costUsd: 0,
  };
}

export function scriptedActivities(script: {
  turn?: TurnScript;
  create?: (input: CreateSandboxInput) => void | Promise<void>;
  start?: (generation: number) => void;
  steer?: (input: SteerTurnInput) => SteerReport | Promise<SteerReport>;
  prepare?: (input: PrepareCheckpointInput) => PreparedCheckpoint;
  interrupt?: (input: InterruptTurnInput) => void;
  snapshot?: (input: TakeSnapshotInput) => void;
  end?: () => void;
  exec?: (input: RunExecInput) => ExecReport | Promise<ExecReport>;
  record?: (input: RecordEventsInput) => void;
}): ScriptedActivities {
  const events: OwnEvent[] = [];
  const calls: string[] = [];
  const interrupts: string[] = [];
  const turns = new Map<string, number>();
  const told = new Map<string, string[]>();
  const tell = (turnId: string, promptId: string): void => {
    told.set(turnId, [...new Set([...(told.get(turnId) ?? []), promptId])]);
  };
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
      await script.create?.(input);
      return {
        sandboxId: `sb-${input.generation}`,
        imageId: 'im-base',
        from: input.snapshot === null ? 'base' : 'snapshot',
        endsAt: new Date(Date.now() + input.lifetimeSeconds * 1_000).toISOString(),
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
      for (const { promptId } of input.steers) tell(input.turnId, promptId);
      const report = await (script.turn === undefined ? ended(input) : script.turn(input));
      return report.kind === 'ended' ? { ...report, steered: told.get(input.turnId) ?? [] } : report;
    },
    interruptTurn: async (input) => {
      note('interrupt', input);
      interrupts.push(input.turnId);
      script.interrupt?.(input);
    },
    steerTurn: async (input) => {
      note(`steer ${input.turnId} with ${input.steer.promptId}`, input);
      const answer = script.steer === undefined ? { steered: true } : await script.steer(input);
      if (answer.steered) tell(input.turnId, input.steer.promptId);
      return answer;
    },
    prepareCheckpoint: async (input) => {
      const { sessionId, checkpointId } = input.source;
      note(`prepare ${sessionId} ${checkpointId ?? 'newest'}`, input);
      if (script.prepare !== undefined) return script.prepare(input);
      const prepared = checkpoint({ ...input, generation: 0 }, input.as);
      return { checkpoint: prepared, snapshot: null, sourceCheckpointId: checkpointId ?? 'newest' };
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
