/**
 * The text of the sandbox port (src/sandbox/provider.ts) as tests. Every adapter runs them: `testSandboxProvider({ open })`
 * in a test file of its own.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import type { Sandbox } from '../../src/sandbox/provider.ts';
import { testCreate } from './conformance/create.ts';
import { testEnd } from './conformance/end.ts';
import { testExec } from './conformance/exec.ts';
import { testBuildImage, testSnapshot } from './conformance/images.ts';
import { testVolumes } from './conformance/volumes.ts';
import type { ConformanceSubject, SandboxesUnderTest } from './conformance/subject.ts';

export function testSandboxProvider({ open }: { open: () => Promise<ConformanceSubject> }): void {
  let subject: ConformanceSubject;
  let shared: Sandbox;
  const made: Sandbox[] = [];
  const runId = randomUUID().slice(0, 8);
  const nameOf = (label: string) => `conformance-${runId}-${label}`;

  const create: SandboxesUnderTest['create'] = async (label, more = {}) => {
    const sandbox = await subject.provider.create({
      name: nameOf(label),
      image: more.image ?? subject.image,
      command: more.command ?? ['sleep', 'infinity'],
      tags: { suite: runId, kind: more.tag ?? 'any' },
      timeoutSeconds: 600,
      ...(more.volumes !== undefined && { volumes: more.volumes }),
    });
    made.push(sandbox);
    return sandbox;
  };

  beforeAll(async () => {
    subject = await open();
    shared = await create('shared', { tag: 'shared' });
  }, 600_000);
  afterEach(async () => {
    await Promise.all(
      made.splice(0).map(async (sandbox) => sandbox === shared || (await sandbox.terminate())),
    );
  });
  afterAll(async () => {
    await shared?.terminate();
    await subject?.close();
  });

  const underTest: SandboxesUnderTest = {
    provider: () => subject.provider,
    image: () => subject.image,
    secret: () => subject.secret,
    shared: () => shared,
    create,
    nameOf,
    runId,
  };
  describe('exec', () => testExec(underTest));
  describe('create', () => testCreate(underTest));
  describe('a sandbox that ended', () => testEnd(underTest));
  describe('snapshot', () => testSnapshot(underTest));
  describe('a volume', () => testVolumes(underTest));
  describe('buildImage', () => testBuildImage(underTest));
}
