/** The search attributes every session carries, so that lists and the Temporal UI can be filtered by them. */
import { defineSearchAttributeKey } from '@temporalio/common';
import type { SearchAttributePair } from '@temporalio/common';
import { jsonBytes } from './json-bytes.ts';
import type { SessionInput } from './session-input.ts';
import type { SessionStatus } from './session-state.ts';

export const searchAttributes = {
  /** The URLs of the session's repositories, each as `searchableUrl` gives it. */
  repository: defineSearchAttributeKey('HarvestRepository', 'KEYWORD_LIST'),
  /** The `status` of the session's state. */
  state: defineSearchAttributeKey('HarvestState', 'KEYWORD'),
  /** The e-mail address of the session's user. */
  user: defineSearchAttributeKey('HarvestUser', 'KEYWORD'),
} as const;

/**
 * Temporal takes 2,048 bytes of JSON for an attribute, all its values together, and ends a workflow that sets more
 * (measured); visibility in SQL takes 255 characters for each value. As many of these as a session has repositories fit.
 */
const longestUrlBytes = 250;

export function searchAttributesOf(
  { repositories, user }: Pick<SessionInput, 'repositories' | 'user'>,
  status: SessionStatus,
): SearchAttributePair[] {
  return [
    { key: searchAttributes.repository, value: repositories.map(({ url }) => searchableUrl(url)) },
    { key: searchAttributes.user, value: user.email },
    { key: searchAttributes.state, value: status },
  ];
}

/** The URL, or its last 250 bytes, which tell more repositories apart than its first ones. */
export function searchableUrl(url: string): string {
  const characters = Array.from(url);
  let bytes = 0;
  const first = characters.findLastIndex((character) => {
    bytes += jsonBytes(character) - '""'.length;
    return bytes > longestUrlBytes;
  });
  return characters.slice(first + 1).join('');
}
