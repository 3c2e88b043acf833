/** What a run needs of Temporal besides activities: time, its own name, and what people see of it. */
import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { searchAttributes, searchAttributesOf } from '../contracts/search-attributes.ts';
import type { SessionInput } from '../contracts/session-input.ts';
import type { SessionStatus } from '../contracts/session-state.ts';

export type Surface = {
  /** ISO. */
  now(): string;
  /** Differs from that of every other run, also of one that Temporal began anew by a reset. */
  readonly runName: string;
  /** History has become long: the next run should take over. */
  shouldContinueAsNew(): boolean;
  register(input: SessionInput, status: SessionStatus): void;
  showStatus(status: SessionStatus): void;
  showDetails(markdown: string): void;
};

export const temporalSurface: Surface = {
  now: () => new Date().toISOString(),
  // Its last characters, because the first ones are a time.
  get runName() {
    return workflowInfo().runId.slice(-8);
  },
  shouldContinueAsNew: () => workflowInfo().continueAsNewSuggested,
  register: (input, status) => upsertSearchAttributes(searchAttributesOf(input, status)),
  showStatus: (status) => upsertSearchAttributes([{ key: searchAttributes.state, value: status }]),
  showDetails: setCurrentDetails,
};
