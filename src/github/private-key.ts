/** The private key of a GitHub App, as people have it. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { GithubCredentialMissing, GithubCredentialRefused } from './errors.ts';

/**
 * PKCS#8 PEM, the only form WebCrypto signs with. GitHub hands keys out as PKCS#1; in environment variables line breaks are
 * often written as `\n`, and the whole between quotes.
 */
export function signingKey(text: string): string {
  const pem = text
    .replaceAll(/\\r|\r/g, '')
    .replaceAll(String.raw`\n`, '\n')
    .trim()
    .replaceAll(/^["']|["']$/g, '')
    .trim();
  if (pem === '') throw new GithubCredentialMissing('the GitHub App has no private key');
  const key = readKey(pem);
  if (key.asymmetricKeyType !== 'rsa') {
    throw new GithubCredentialRefused(
      `the private key of the GitHub App is of the kind ${key.asymmetricKeyType}, GitHub signs with RSA`,
    );
  }
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // What the parser says is left out: it is about the key.
    throw new GithubCredentialRefused(
      'the private key of the GitHub App cannot be read: it has to be a PEM without a passphrase, with all its lines',
    );
  }
}
