/** What the conformance suite is given and what it gives to its parts. */
import type { ImageRef, Sandbox, SandboxProvider, VolumeMount } from '../../../src/sandbox/provider.ts';

type Secret = { name: string; variable: string; value: string };

export type ConformanceSubject = {
  provider: SandboxProvider;
  /** A Debian image with a shell; the suite deletes nothing but what it made itself. */
  image: ImageRef;
  /** A secret that exists there, and one of its variables with its value; without it the secret tests are left out. */
  secret?: Secret;
  close(): Promise<void>;
};

type MoreOfSandbox = { image?: ImageRef; command?: string[]; tag?: string; volumes?: VolumeMount[] };

/** What the tests of one group use. */
export type SandboxesUnderTest = {
  provider: () => SandboxProvider;
  image: () => ImageRef;
  secret: () => Secret | undefined;
  /** One that runs as long as the suite. */
  shared: () => Sandbox;
  /** Ended after the test. */
  create: (label: string, more?: MoreOfSandbox) => Promise<Sandbox>;
  /** The name under which `create` makes it. */
  nameOf: (label: string) => string;
  /** The tag `suite` of everything that this run of the suite makes. */
  runId: string;
};

/** Lets a failure be looked at. */
export function identity<T>(value: T): T {
  return value;
}
