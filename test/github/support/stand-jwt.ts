/** How GitHub checks an app's own credential: an RS256 JWT of at most ten minutes, against GitHub's clock. */
import { verify, type KeyObject } from 'node:crypto';
import * as z from 'zod';

const headerSchema = z.object({ alg: z.literal('RS256') });
const claimsSchema = z.object({
  iat: z.number().int(),
  exp: z.number().int(),
  iss: z.union([z.string(), z.number()]),
});

/** GitHub's complaint, or null. */
export function complaintAbout(
  jwt: string,
  app: { appId: string; publicKey: KeyObject; nowSeconds: number },
): string | null {
  const undecodable = 'A JSON web token could not be decoded';
  const [header = '', claims = '', signature = ''] = jwt.split('.');
  if (!headerSchema.safeParse(decoded(header)).success) return undecodable;
  const parsed = claimsSchema.safeParse(decoded(claims));
  const signed = Buffer.from(`${header}.${claims}`);
  const genuine = verify('RSA-SHA256', signed, app.publicKey, Buffer.from(signature, 'base64url'));
  if (!parsed.success || !genuine) return undecodable;
  const { iat, exp, iss } = parsed.data;
  if (String(iss) !== app.appId) return 'Integration not found';
  if (iat > app.nowSeconds) {
    return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
  }
  if (exp <= app.nowSeconds) {
    return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires";
  }
  if (exp > app.nowSeconds + 600) return "'Expiration time' claim ('exp') is too far in the future";
  return null;
}

function decoded(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    return null;
  }
}
