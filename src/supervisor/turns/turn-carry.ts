/** The carried work of a turn that ended: a bundle for each repository, kept until the next turn's are taken. */
import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CarriedWork } from '../../contracts/checkpoint.ts';
import { bundlePathOf, takeCarriedWork, unreadableWork } from '../repositories/carried-bundles.ts';
import type { Session } from '../start/session.ts';
import type { Settings } from '../settings.ts';

export type CarryInput = { settings: Settings; session: Session; turnId: string };

export async function carryTurn(input: CarryInput): Promise<CarriedWork[]> {
  return Promise.all(input.session.repositories.map(async (repository) => carry(input, repository)));
}

async function carry(
  { settings, session, turnId }: CarryInput,
  { name, path }: { name: string; path: string },
): Promise<CarriedWork> {
  const bundlePath = bundlePathOf(session.recorder.generation.folder, { turnId, repository: name });
  await forgetEarlier(dirname(dirname(bundlePath)), turnId);
  const at = { settings, env: session.env, repository: { name, directory: path } };
  try {
    return await takeCarriedWork(at, bundlePath);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    session.recorder.event(
      { type: 'warning', data: { message: `The work in ${name} is not carried: ${message}` } },
      turnId,
    );
    return unreadableWork(name, message);
  }
}

/** The worker fetches the bundles of a turn before it asks for the next one. */
async function forgetEarlier(folder: string, turnId: string): Promise<void> {
  const turns = await readdir(folder).catch(() => []);
  const earlier = turns.filter((name) => name !== turnId);
  await Promise.all(earlier.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}
