/** Where a sandbox may ask for which part of a volume. */
import { posix } from 'node:path';
import * as z from 'zod';

/** Made anew for each sandbox, and private to it. */
const ownDirectories = ['/proc', '/sys', '/dev', '/run'];
/** Refused by Modal's Python client, which says more of Modal's rules than the SDK for JavaScript does. */
const refusedByModal = ['/', '/root', '/tmp'];

const printable = /^[^\p{Cc}]+$/u;

const mountPath = z
  .string()
  .regex(printable)
  .refine((path) => posix.isAbsolute(path) && posix.normalize(path) === path && isWithoutSlash(path), {
    error: 'must be a canonical, absolute path',
  })
  .refine((path) => !refusedByModal.includes(path) && !ownDirectories.some((own) => isInside(path, own)), {
    error: `a volume cannot be mounted at ${refusedByModal.join(', ')}, nor in ${ownDirectories.join(', ')}`,
  });

/** To the names of the directories that lead there. It may begin with a slash: it is the volume's root that is meant. */
const subPath = z
  .string()
  .regex(printable)
  .transform((path) => path.replace(/^\//, '').split('/'))
  .refine((names) => names.every((name) => !['', '.', '..'].includes(name)), {
    error: 'must be a canonical path inside the volume',
  });

const volumeMount = z.strictObject({
  volumeId: z.string().min(1),
  mountPath,
  // The SDK always sets it. Without it writes would have to be held back.
  allowBackgroundCommits: z.literal(true, 'Local Modal does not support mounts without background commits'),
  readOnly: z.boolean().default(false),
  subPath: subPath.default([]),
});

export const volumeMounts = z
  .array(volumeMount)
  .default([])
  .refine((mounts) => new Set(mounts.map(({ volumeId }) => volumeId)).size === mounts.length, {
    error: 'the same volume cannot be mounted in several places of a sandbox',
  })
  .refine((mounts) => mounts.every((one) => mounts.every((other) => one === other || isApart(one, other))), {
    error: 'a volume cannot be mounted inside another one',
  });

function isWithoutSlash(path: string): boolean {
  return path === '/' || !path.endsWith('/');
}

function isInside(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

function isApart(one: { mountPath: string }, other: { mountPath: string }): boolean {
  return !isInside(one.mountPath, other.mountPath) && !isInside(other.mountPath, one.mountPath);
}
