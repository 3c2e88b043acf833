/** The activities' signatures: what the session workflow asks for and what it is told. Plain JSON, a few KiB at most (I6). */
import type {
  Checkpoint,
  ExecOutcome,
  ExecRequest,
  OwnEvent,
  RepositoryHead,
  SessionInput,
  Snapshot,
  TurnOutcome,
  TurnTotals,
} from '../contracts/index.ts';

/** Every activity first appends the workflow's own events that travel with it (I6). */
export type ForSession = { sessionId: string; session: SessionInput; events: OwnEvent[] };
type InSandbox = ForSession & { generation: number; sandboxId: string };

export type CreateSandboxInput = ForSession & {
  generation: number;
  /** The snapshot to start from; the base image without one. */
  snapshot: Snapshot | null;
  lifetimeSeconds: number;
};
export type CreatedSandbox = { sandboxId: string; imageId: string; from: 'base' | 'snapshot' };

export type StartSupervisorInput = InSandbox & {
  /** What to bring back; null for a session's first generation. */
  restore: { checkpointId: string | null; imageId: string; imageFrom: 'base' | 'snapshot' } | null;
};
export type StartedSupervisor = { heads: RepositoryHead[]; runtimeVersion: string };

export type RunTurnInput = InSandbox & {
  turnId: string;
  text: string;
  continuation: number;
  /** Told to the agent ahead of the text when the turn runs again in a new generation. */
  notice?: string;
};
export type TurnReport =
  | {
      kind: 'ended';
      outcome: TurnOutcome;
      /** The answer's last 4 KiB. */
      answer: string;
      totals: TurnTotals;
      checkpoint: Checkpoint;
    }
  | { kind: 'agent-lost'; cause: 'agent-died' | 'supervisor-died'; losses: number; message: string }
  /** `started` false: certainly nothing of it ran. */
  | { kind: 'sandbox-lost'; cause: string; started: boolean };

export type InterruptTurnInput = InSandbox & { turnId: string };

export type RunExecInput = InSandbox & { exec: ExecRequest };
export type ExecReport =
  | { kind: 'ended'; outcome: ExecOutcome; output: string }
  /** `started` false: certainly nothing of it ran, so it may run in another sandbox. */
  | { kind: 'sandbox-lost'; cause: string; started: boolean };

export type TakeSnapshotInput = InSandbox & {
  checkpointId: string;
  turnId: string | null;
  /** End agent and execs first: the sandbox will not be used again. */
  quiesce: boolean;
};

export type EndSandboxesInput = ForSession;
export type CloseSessionInput = ForSession & { discard: boolean };
/** `claimFor`: the first run of a session takes the session id before anything is stored under it. */
export type RecordEventsInput = ForSession & { claimFor?: string };

/** Failures are `ApplicationFailure`s of the types in `contracts/failures.ts`; which are retried is in them (`failures.ts`). */
export type SessionActivities = {
  createSandbox(input: CreateSandboxInput): Promise<CreatedSandbox>;
  startSupervisor(input: StartSupervisorInput): Promise<StartedSupervisor>;
  runTurn(input: RunTurnInput): Promise<TurnReport>;
  interruptTurn(input: InterruptTurnInput): Promise<void>;
  runExec(input: RunExecInput): Promise<ExecReport>;
  takeSnapshot(input: TakeSnapshotInput): Promise<Checkpoint>;
  endSandboxes(input: EndSandboxesInput): Promise<void>;
  closeSession(input: CloseSessionInput): Promise<void>;
  recordEvents(input: RecordEventsInput): Promise<void>;
};
