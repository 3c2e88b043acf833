/** The activities' signatures: what the session workflow asks for and what it is told. Plain JSON, a few KiB at most (I6). */
import type {
  Checkpoint,
  ExecOutcome,
  ExecRequest,
  OwnEvent,
  RepositoryHead,
  SessionInput,
  Snapshot,
  Steer,
  TurnOptions,
  TurnOutcome,
  TurnTotals,
} from '../contracts/index.ts';
import type { BuildReason } from '../contracts/build.ts';
import type { BuildStep, RepoImage } from '../contracts/repo-image.ts';
import type { BuildCommand } from '../images/install-toolchain.ts';
import type { Execution } from '../contracts/execution.ts';
import type { InterruptReason } from '../contracts/supervisor.ts';

/** Every activity first appends the workflow's own events that travel with it (I6). */
export type ForSession = { sessionId: string; session: SessionInput; events: OwnEvent[] };
type InSandbox = ForSession & { generation: number; sandboxId: string };

export type CreateSandboxInput = ForSession & {
  generation: number;
  /** The snapshot to start from. */
  snapshot: Snapshot | null;
  /** Without a snapshot. By default the newest repo image of the session's repositories, and where there is none the base image. */
  image?: { kind: 'base' } | { kind: 'repo'; imageId: string };
  lifetimeSeconds: number;
  /** False: a provider without room is told as `ProviderBusy`. True: it is waited for, however long it takes. */
  patient: boolean;
};
export type ImageKind = 'base' | 'repo' | 'snapshot';
export type CreatedSandbox = {
  sandboxId: string;
  imageId: string;
  from: ImageKind;
  /** When the provider ends it, at the latest; ISO. */
  endsAt: string;
};

export type StartSupervisorInput = InSandbox & {
  /** What to bring back; null for a session's first generation. */
  restore: { checkpointId: string | null; imageId: string; imageFrom: ImageKind } | null;
  /** From which the sandbox was made. */
  image?: { imageId: string; from: ImageKind };
  /** False: only commands will be asked for, and repositories stay on their own branches. */
  agent?: boolean;
};
export type StartedSupervisor = { heads: RepositoryHead[]; runtimeVersion: string };

export type RunTurnInput = InSandbox & {
  turnId: string;
  text: string;
  continuation: number;
  /** Told to the agent ahead of the text when the turn runs again in a new generation. */
  notice?: string;
  options: TurnOptions;
  /** What was said within the turn so far. */
  steers: Steer[];
  /** What the turn used in earlier generations, when it was suspended there and only goes on. */
  carriedOver?: TurnTotals;
  /** What is left of the session's budget for this turn; null without one. */
  budgetLeftUsd: number | null;
  /** What the conversation had cost before this turn. */
  costUsd: number;
};
export type TurnReport =
  | {
      kind: 'ended';
      outcome: TurnOutcome;
      /** The answer's last 4 KiB. */
      answer: string;
      totals: TurnTotals;
      checkpoint: Checkpoint;
      /** The steering prompts that its agent was told. */
      steered: string[];
    }
  /** Stopped because it was asked to be, to go on in the next generation. */
  | { kind: 'suspended'; totals: TurnTotals; checkpoint: Checkpoint }
  /** The agent says nothing and no tool runs; it is left as it is. */
  | { kind: 'agent-silent'; quietSeconds: number }
  | { kind: 'agent-lost'; cause: 'agent-died' | 'supervisor-died'; losses: number; message: string }
  /** `started` false: certainly nothing of it ran. */
  | { kind: 'sandbox-lost'; cause: string; started: boolean };

export type InterruptTurnInput = InSandbox & { turnId: string; reason: InterruptReason };

export type SteerTurnInput = InSandbox & { turnId: string; steer: Steer };
/** `steered` false: the turn is over, and its agent certainly was not told. */
export type SteerReport = { steered: boolean };

export type RunExecInput = InSandbox & { exec: ExecRequest };
export type ExecReport =
  | { kind: 'ended'; outcome: ExecOutcome; output: string }
  /** `started` false: certainly nothing of it ran, so it may run in another sandbox. */
  | { kind: 'sandbox-lost'; cause: string; started: boolean };

export type RunCodeInput = InSandbox & { code: Omit<Execution, 'executionId' | 'environment'> };
export type CodeReport =
  | { kind: 'ended'; outcome: ExecOutcome; durationMs: number; stdout: string; stderr: string }
  /** The sandbox was lost, and certainly nothing of it ran: it may run in another one. */
  | { kind: 'not-run'; cause: string };

export type TakeSnapshotInput = InSandbox & {
  checkpointId: string;
  turnId: string | null;
  purpose: 'pause' | 'rollover' | 'request';
  /** What the conversation had cost by then. */
  costUsd: number;
};

export type PrepareCheckpointInput = ForSession & {
  /** The id under which it is saved as this session's newest checkpoint. */
  as: string;
  /** Of this session, or of one that is forked: its checkpoint is copied then. Null: the newest. */
  source: { sessionId: string; checkpointId: string | null };
};
/** The checkpoint as this session's own, and the snapshot that a restore of it starts from. */
export type PreparedCheckpoint = {
  checkpoint: Checkpoint;
  snapshot: Snapshot | null;
  /** The id it has in its source. */
  sourceCheckpointId: string;
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
  steerTurn(input: SteerTurnInput): Promise<SteerReport>;
  prepareCheckpoint(input: PrepareCheckpointInput): Promise<PreparedCheckpoint>;
  takeSnapshot(input: TakeSnapshotInput): Promise<Checkpoint>;
  endSandboxes(input: EndSandboxesInput): Promise<void>;
  closeSession(input: CloseSessionInput): Promise<void>;
  recordEvents(input: RecordEventsInput): Promise<void>;
};

/** Beside those of sessions. */
export type ExecutionActivities = { runCode(input: RunCodeInput): Promise<CodeReport> };

export type { BuildCommand };

/** Which build of which set. */
export type BuildKey = { setId: string; number: number };
export type InBuild = InSandbox & { build: BuildKey };

export type BeginBuildInput = { setId: string; force: boolean; buildId: string };
export type BegunBuild =
  | { kind: 'kept'; reason: string }
  | {
      kind: 'begun';
      build: BuildKey;
      reason: BuildReason;
      /** The activities know sessions: a build is one of the set's repositories, without an agent. */
      session: SessionInput;
      setup: string[];
    };

export type PlanBuildInput = InBuild & { setup: string[] };
export type PlannedBuild = { steps: BuildCommand[]; warnings: string[] };

export type RunBuildStepInput = InBuild & { step: BuildCommand };
/** `message`: why it failed, or what somebody should know. */
export type BuildStepReport = { succeeded: boolean; durationMs: number; message?: string };

export type EndBuildInput = ForSession & { build: BuildKey; steps: BuildStep[] };
export type EndedBuild = Pick<RepoImage, 'state' | 'imageId'>;

export type BuildActivities = {
  beginBuild(input: BeginBuildInput): Promise<BegunBuild>;
  planBuild(input: PlanBuildInput): Promise<PlannedBuild>;
  runBuildStep(input: RunBuildStepInput): Promise<BuildStepReport>;
  /** The image; it is in the store's account of the build. */
  saveBuild(input: InBuild): Promise<{ imageId: string }>;
  promoteBuild(input: EndBuildInput): Promise<EndedBuild>;
  failBuild(input: EndBuildInput & { failure: string }): Promise<EndedBuild>;
};

/** What one look at all sets found, for the people who look at its workflow. */
export type RefreshReport = {
  /** To be built now. */
  builds: { setId: string; reason: string }[];
  /** As they are, and why. */
  kept: { setId: string; reason: string }[];
  /** Images that no session can need any more. */
  deletedImages: string[];
  /** What could not be done, each a sentence; the next look tries again. */
  problems: string[];
};

export type RefreshActivities = { checkHeads(): Promise<RefreshReport> };

/** What the reaper found and did, for the people who look at its workflow. */
export type ReapReport = {
  /** Running sandboxes of Harvest, and how many of them have a session. */
  sandboxes: number;
  owned: number;
  /** Nobody's, not yet for long enough to be sure. */
  waiting: string[];
  ended: { sandboxId: string; name: string; why: string }[];
  /** Images that no checkpoint needs any more. */
  deletedImages: string[];
  /** Sessions whose retention time was over. */
  forgottenSessions: string[];
  /** What could not be done, each a sentence; the next run tries again. */
  problems: string[];
};

export type ReaperActivities = { reap(): Promise<ReapReport> };
