/** The search attributes every session carries, so that lists and the Temporal UI can be filtered by them. */
import { defineSearchAttributeKey } from '@temporalio/common';

export const searchAttributes = {
  /** The URLs of the session's repositories. */
  repository: defineSearchAttributeKey('HarvestRepository', 'KEYWORD_LIST'),
  /** The `status` of the session's state. */
  state: defineSearchAttributeKey('HarvestState', 'KEYWORD'),
  /** The e-mail address of the session's user. */
  user: defineSearchAttributeKey('HarvestUser', 'KEYWORD'),
} as const;
