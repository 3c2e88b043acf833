/** The commit a branch stands at on its server, in one small request and without a clone. */
import { lsRefsHeaders, lsRefsRequest, NoRefs, parseLsRefs } from '../git/ls-refs.ts';
import { MalformedPacket } from '../git/pkt-line.ts';

export type RemoteBranch = {
  url: string;
  branch: string;
  /** The password of the user `x-access-token`. */
  token?: string;
};

/** It was not possible to ask, or the answer cannot be used: nothing is known of the branch. */
export class HeadUnreadable extends Error {
  override readonly name = 'HeadUnreadable';
}

const mostAnswerBytes = 1024 * 1024;

/** Null when the repository has no such branch. Throws `HeadUnreadable`, and the reason of `signal`. */
export async function remoteHead(
  { url, branch, token }: RemoteBranch,
  signal: AbortSignal,
): Promise<string | null> {
  const ref = `refs/heads/${branch}`;
  const basic = Buffer.from(`x-access-token:${token ?? ''}`).toString('base64');
  const answer = await ask(`${url.replace(/\/+$/, '')}/git-upload-pack`, {
    method: 'POST',
    headers: { ...lsRefsHeaders, ...(token === undefined ? {} : { authorization: `Basic ${basic}` }) },
    body: new Uint8Array(lsRefsRequest([ref])),
    signal,
  });
  try {
    return parseLsRefs(answer).get(ref) ?? null;
  } catch (error) {
    if (error instanceof NoRefs || error instanceof MalformedPacket)
      throw new HeadUnreadable(`${url}: ${error.message}`);
    throw error;
  }
}

async function ask(url: string, request: RequestInit): Promise<Buffer> {
  let response: Response;
  try {
    response = await fetch(url, request);
    if (response.ok) return await bodyOf(response);
  } catch (error) {
    request.signal?.throwIfAborted();
    throw new HeadUnreadable(
      `${url} cannot be reached: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  await response.body?.cancel();
  throw new HeadUnreadable(`${url} answered with ${response.status}: ${reasonOf(response.status)}`);
}

function reasonOf(status: number): string {
  if (status === 401) return 'the credential is missing, wrong or expired';
  if (status === 403 || status === 404)
    return 'there is no such repository, or the credential does not allow reading it';
  return 'the server did not answer the question';
}

async function bodyOf(response: Response): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > mostAnswerBytes)
      throw new HeadUnreadable(`the answer of ${response.url} is too long for a branch`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
