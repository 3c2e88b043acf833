/**
 * The faults that tests switch on. A fault names an RPC (`SandboxCreateV2`, or `*` for all of them) and how many calls it strikes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallContext } from './rpc/handler.ts';
import { RpcError, type StatusName } from './rpc/rpc-error.ts';
import { announce } from './announce.ts';

type Effect =
  | { kind: 'delay'; delayMs: number }
  | { kind: 'fail'; statusName: StatusName }
  | { kind: 'loseAnswer'; statusName: StatusName }
  | { kind: 'throttle'; retryAfterSeconds: number };

type Rule = { readonly rpc: string; readonly effect: Effect; remaining: number };

export type RecordedCall = { rpc: string; atMs: number; idempotencyKey: string | undefined };

const rememberedCalls = 100_000;

/** What a fault does to the emulator's parts; given by the composition root. */
export type FaultTargets = {
  cutRouterConnections: () => number;
  cutControlPlaneConnections: () => number;
  revokeRouterTokens: () => void;
  killSandbox: (sandboxId: string) => Promise<void>;
};

export class Faults {
  readonly calls: RecordedCall[] = [];
  readonly #targets: FaultTargets;
  #rules: Rule[] = [];
  #announceUrl: string | undefined;

  constructor(targets: FaultTargets) {
    this.#targets = targets;
  }

  /** Every call of `rpc` waits this long before anything is done. */
  delay(rpc: string, delayMs: number, times = Infinity): void {
    this.#rules.push({ rpc, remaining: times, effect: { kind: 'delay', delayMs } });
  }

  /** The next `times` calls are answered with a status and nothing is done. */
  fail(rpc: string, times: number, statusName: StatusName = 'UNAVAILABLE'): void {
    this.#rules.push({ rpc, remaining: times, effect: { kind: 'fail', statusName } });
  }

  /** The next `times` calls are carried out and then answered with a status: the caller cannot know. */
  loseAnswer(rpc: string, times: number, statusName: StatusName = 'UNAVAILABLE'): void {
    this.#rules.push({ rpc, remaining: times, effect: { kind: 'loseAnswer', statusName } });
  }

  /** The next `times` calls are refused with the hint to come back after so many seconds. */
  throttle(rpc: string, retryAfterSeconds: number, times: number): void {
    this.#rules.push({ rpc, remaining: times, effect: { kind: 'throttle', retryAfterSeconds } });
  }

  /** Resets every connection to the command router (exec, stdio, snapshots). Returns how many there were. */
  cutRouterConnections(): number {
    return this.#targets.cutRouterConnections();
  }

  /** Resets every connection to the control plane. Returns how many there were. */
  cutControlPlaneConnections(): number {
    return this.#targets.cutControlPlaneConnections();
  }

  /** Refuses every router token issued so far. The SDK asks for another only when the old one has at most 30 s to live. */
  expireRouterTokens(): void {
    this.#targets.revokeRouterTokens();
  }

  /** Ends a sandbox without notice, as a failing machine of Modal's would. */
  async killSandbox(sandboxId: string): Promise<void> {
    await this.#targets.killSandbox(sandboxId);
  }

  /**
   * From now on every call is announced to `url` (announce.ts) before anything is done and before its answer, and waits there
   * for as long as the listener likes; undefined ends that.
   */
  announceTo(url: string | undefined): void {
    this.#announceUrl = url;
  }

  clear(): void {
    this.#rules = [];
    this.#announceUrl = undefined;
  }

  record(context: CallContext): void {
    const key = context.metadata.get('x-idempotency-key')[0];
    this.calls.push({ rpc: context.rpc, atMs: Date.now(), idempotencyKey: key?.toString() });
    if (this.calls.length > rememberedCalls) this.calls.splice(0, rememberedCalls / 10);
  }

  async beforeCall(context: CallContext): Promise<void> {
    await announce(this.#announceUrl, { rpc: context.rpc, moment: 'call' });
    const delay = this.#take(context.rpc, 'delay');
    if (delay?.kind === 'delay') await sleep(delay.delayMs);
    const throttle = this.#take(context.rpc, 'throttle');
    if (throttle?.kind === 'throttle') {
      throw new RpcError('RESOURCE_EXHAUSTED', 'throttled by a test', throttle.retryAfterSeconds);
    }
    const failure = this.#take(context.rpc, 'fail');
    if (failure?.kind === 'fail') throw new RpcError(failure.statusName, 'failed by a test');
  }

  async afterCall(context: CallContext): Promise<RpcError | undefined> {
    await announce(this.#announceUrl, { rpc: context.rpc, moment: 'answer' });
    const loss = this.#take(context.rpc, 'loseAnswer');
    return loss?.kind === 'loseAnswer' ? new RpcError(loss.statusName, 'answer lost by a test') : undefined;
  }

  #take(rpc: string, kind: Effect['kind']): Effect | undefined {
    const rule = this.#rules.find(
      (rule) => rule.remaining > 0 && rule.effect.kind === kind && (rule.rpc === '*' || rule.rpc === rpc),
    );
    if (rule === undefined) return undefined;
    rule.remaining -= 1;
    return rule.effect;
  }
}
