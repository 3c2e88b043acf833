/** The check of the credential that a request brings. */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from './api-error.ts';

const oauthBeta = 'oauth-2025-04-20';

/**
 * Throws ApiError 401 unless the request carries the credential: as `x-api-key`, or as bearer token. An OAuth token (`sk-ant-oat…`) is good
 * only as bearer token and with the beta header that the real API demands for it, so a proxy that loses either is found out here.
 */
export function checkCredential(headers: IncomingHttpHeaders, credential: string): void {
  const apiKey = headers['x-api-key'];
  const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  if (typeof apiKey === 'string') {
    if (isOAuthToken(credential) || !same(apiKey, credential)) throw refused('invalid x-api-key');
    return;
  }
  if (bearer === undefined) throw refused('x-api-key header is required');
  if (!same(bearer, credential)) throw refused('Invalid bearer token');
  const betas = String(headers['anthropic-beta'] ?? '').split(',');
  if (isOAuthToken(credential) && !betas.some((beta) => beta.trim() === oauthBeta)) {
    throw refused('OAuth authentication is currently not supported.');
  }
}

function isOAuthToken(credential: string): boolean {
  return credential.startsWith('sk-ant-oat');
}

function same(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function refused(message: string): ApiError {
  return new ApiError({ status: 401, type: 'authentication_error', message });
}
