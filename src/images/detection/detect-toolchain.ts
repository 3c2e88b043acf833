/**
 * From the contents of a repository's files to what it needs to be built: its Node, its package manager, its Python, and the
 * commands in their order. A pure function: nothing is run and nothing is looked up, so the same files give the same toolchain
 * for ever. What it knows about the world is in `node-releases.ts` and the two files of pins.
 *
 * The repository is anybody's. What is not understood becomes a warning, never an error; nothing recognised is a result too.
 */
import type { RepositoryFiles } from './files.ts';
import { fingerprintOf } from './fingerprint.ts';
import { javascriptSteps } from './javascript-steps.ts';
import { readManifest } from './manifest.ts';
import { detectNode } from './node.ts';
import { detectPackageManager } from './package-manager.ts';
import { detectPython } from './python.ts';
import type { PythonPlaces } from './python-steps.ts';
import type { Toolchain, ToolchainStep } from './toolchain.ts';

type DetectionInput = {
  /** What the repository has of `filesToRead`. */
  files: RepositoryFiles;
  /**
   * What stands for the whole content of files in the fingerprint, because only the heads of some are read: git's blob ids,
   * of which `git ls-tree HEAD` names all at once. A file without one counts with the content that is given.
   */
  blobIds: ReadonlyMap<string, string>;
  places: PythonPlaces;
};

export function detectToolchain({ files, blobIds, places }: DetectionInput): Toolchain {
  const warnings: string[] = [];
  const manifest = readManifest(files, warnings);
  const node = detectNode(files, manifest, warnings);
  const packageManager = detectPackageManager({ files, manifest, node, warnings });
  const { python, steps: pythonSteps, pyproject } = detectPython(files, places, warnings);
  const javascript = packageManager === null ? [] : javascriptSteps(packageManager, manifest);
  const toolchain = { node, packageManager, python, steps: inOrder([...javascript, ...pythonSteps]) };
  const fingerprint = fingerprintOf({ files, blobIds, toolchain, manifest, pyproject });
  return { ...toolchain, warnings, fingerprint };
}

/** A build of one language may use the tools of the other. */
function inOrder(steps: readonly ToolchainStep[]): ToolchainStep[] {
  return (['install', 'build', 'test'] as const).flatMap((kind) =>
    steps.filter((step) => step.kind === kind),
  );
}
