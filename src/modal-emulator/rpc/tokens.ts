/** The emulator's own tokens, and what they open. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';

const claimsSchema = z.object({
  use: z.enum(['client', 'router']),
  sandboxId: z.string().optional(),
  epoch: z.number(),
  exp: z.number(),
});
type Claims = z.output<typeof claimsSchema>;

/**
 * Signs the two kinds of token the SDK carries: the client's (`x-modal-auth-token`) and, per sandbox, the command router's. The SDK reads
 * `exp` (seconds since 1970) to decide when to ask for another. The key is kept on disk so that a client survives a restart of the emulator.
 */
export class Tokens {
  readonly #key: Buffer;
  readonly #lifetimeSeconds: number;
  #epoch = 0;

  constructor(key: Buffer, lifetimeSeconds: number) {
    this.#key = key;
    this.#lifetimeSeconds = lifetimeSeconds;
  }

  issueClientToken(): string {
    return this.#issue({ use: 'client', epoch: 0 });
  }

  issueRouterToken(sandboxId: string): string {
    return this.#issue({ use: 'router', sandboxId, epoch: this.#epoch });
  }

  isValidClientToken(token: string): boolean {
    return this.#verify(token)?.use === 'client';
  }

  /** The sandbox a router token opens, or undefined if it is forged, past its `exp` or revoked. */
  sandboxOfRouterToken(token: string): string | undefined {
    const claims = this.#verify(token);
    return claims?.use === 'router' && claims.epoch === this.#epoch ? claims.sandboxId : undefined;
  }

  revokeRouterTokens(): void {
    this.#epoch += 1;
  }

  #issue(claims: Omit<Claims, 'exp'>): string {
    const exp = Math.floor(Date.now() / 1000) + this.#lifetimeSeconds;
    const content = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ ...claims, exp })}`;
    return `${content}.${this.#sign(content).toString('base64url')}`;
  }

  #verify(token: string): Claims | undefined {
    const [header, payload, signature] = token.split('.');
    if (header === undefined || payload === undefined || signature === undefined) return undefined;
    const expected = this.#sign(`${header}.${payload}`);
    const given = Buffer.from(signature, 'base64url');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const claims = claimsSchema.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    return claims.exp > Date.now() / 1000 ? claims : undefined;
  }

  #sign(content: string): Buffer {
    return createHmac('sha256', this.#key).update(content).digest();
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
