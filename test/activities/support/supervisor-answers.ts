/** How commands end that ask the supervisor something. */
import type { SupervisorError, SupervisorStatus } from '../../../src/contracts/supervisor.ts';
import type { CommandEnd } from './scripted-sandbox.ts';

export function answers(value: unknown): CommandEnd {
  return { code: 0, output: JSON.stringify(value) };
}

/** Of a supervisor that is started and has no turn, but for `changes`. */
export function answersStatus(changes: Partial<SupervisorStatus> = {}): CommandEnd {
  const versions = { supervisorVersion: 'v', runtimeVersion: '1' };
  const started = { started: true, generation: 1, journalBytes: 0, turnId: null };
  return answers({ ...versions, ...started, ...changes });
}

/** Curl's exit code for an answer that is an error, and the error. */
export function refuses(error: SupervisorError['error']): CommandEnd {
  return { ...answers({ error, message: 'no' }), code: 22 };
}

/** The sandbox ends, and the command with it. */
export const dies: CommandEnd = { code: 137, sandboxEnds: true };
