/** Credentials as a caller gives them, and as they leave the process: sealed, or a reference (I8). */
import * as z from 'zod';
import { credentialSourceSchema } from '../contracts/index.ts';
import type { Credentials } from '../contracts/index.ts';
import { seal } from '../secrets/sealing.ts';
import type { SealingKeys } from '../secrets/sealing.ts';
import { SealingUnavailable } from './errors.ts';

/** A token as text, which is sealed here, or where the worker finds it. */
const givenCredentialSchema = z.union(
  [
    z
      .string()
      .trim()
      .min(1, 'a credential is not empty')
      .max(8_192, 'a credential has at most 8192 characters')
      .regex(/^[\x21-\x7e]*$/, 'a credential is one line of printable ASCII characters'),
    credentialSourceSchema,
  ],
  {
    error:
      'a credential is a token, or a reference such as { from: "environment", variable: "GITHUB_TOKEN" }',
  },
);

export const givenCredentialsSchema = z.strictObject({
  github: givenCredentialSchema.optional(),
  claude: givenCredentialSchema.optional(),
});
export type GivenCredentials = z.input<typeof givenCredentialsSchema>;

/**
 * Replaces tokens by sealed values that open for this field of this session on these repositories only. Throws `SealingUnavailable` when there is a token
 * and no key to seal it with; without a token no key is asked for.
 */
export function sealCredentials(
  given: z.output<typeof givenCredentialsSchema>,
  context: { sessionId: string; repositoryUrls: readonly string[]; keys: () => SealingKeys },
): Credentials {
  const { sessionId, repositoryUrls, keys } = context;
  const sealed: Credentials = {};
  for (const field of ['github', 'claude'] as const) {
    const credential = given[field];
    if (credential === undefined) continue;
    sealed[field] =
      typeof credential === 'string'
        ? { from: 'sealed', ...seal(keysFrom(keys), credential, { sessionId, field, repositoryUrls }) }
        : credential;
  }
  return sealed;
}

function keysFrom(keys: () => SealingKeys): SealingKeys {
  try {
    return keys();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SealingUnavailable(
      `A credential was given as text, and the keys to seal it with cannot be used: ${why} ` +
        "Set HARVEST_SEALING_KEYS to the worker's, or name where the worker finds the credential.",
      { cause },
    );
  }
}
