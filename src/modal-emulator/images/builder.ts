/**
 * Builds images step by step, one per Dockerfile command. The id of a step follows from its base and its text, so an unchanged beginning of
 * a recipe is found again (over restarts too) and only what follows the first change is built. Whoever asks for a step that is being built
 * shares it.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { defaultPath, type ContainerFactory } from '../container/container-factory.ts';
import { OutputLog } from '../container/output-log.ts';
import { idFromContent, newImageId, randomText } from '../disk/ids.ts';
import { invalid } from '../rpc/rpc-error.ts';
import { runStep } from './build-step.ts';
import type { DebianRoots } from './debian-root.ts';
import type { Instruction } from './dockerfile.ts';
import type { ImageRecord, ImageStore } from './image-store.ts';
import { Layers } from './layers.ts';

export type BuildRequest = {
  instructions: readonly Instruction[];
  /** Images that FROM may name, by the name. */
  bases: ReadonlyMap<string, string>;
  /** Variables of this build only; they are not part of the image, but other values make another image. */
  secrets: Readonly<Record<string, string>>;
  force: boolean;
};

/** Of an image that is being built, or was by this process. `failure` is undefined for a success. */
export type Build = { log: OutputLog; outcome: Promise<{ failure: string | undefined }> };

export type BuilderParts = {
  store: ImageStore;
  layers: Layers;
  roots: DebianRoots;
  containers: ContainerFactory;
  /** For the output of builds. */
  spoolDirectory: string;
  log: (line: string) => void;
};

type PlannedStep = { imageId: string; recipe: string; parentId: string; instruction: Instruction };
type Plan = { tag: string; baseId: string; isRegistryImage: boolean; steps: PlannedStep[] };
type RunningStep = { log: OutputLog; record: Promise<ImageRecord> };

const rememberedBuilds = 32;

export class Builder {
  readonly #parts: BuilderParts;
  readonly #steps = new Map<string, RunningStep>();
  readonly #running = new Map<string, Build>();
  readonly #finished = new Map<string, Build>();

  constructor(parts: BuilderParts) {
    this.#parts = parts;
  }

  /** Starts the build unless the image is there or being built. Answers at once with the image's id. */
  start(request: BuildRequest): string {
    const plan = this.#plan(request);
    const imageId = plan.steps.at(-1)?.imageId ?? plan.baseId;
    if (this.#running.has(imageId)) return imageId;
    if (this.#parts.store.find(imageId) !== undefined) return imageId;
    const log = this.#newLog();
    const outcome = this.#build(plan, request, log).then(
      () => ({ failure: undefined }),
      (error: unknown) => ({ failure: error instanceof Error ? error.message : String(error) }),
    );
    const build = { log, outcome };
    this.#running.set(imageId, build);
    void outcome.then(({ failure }) => this.#finish(imageId, build, failure));
    return imageId;
  }

  runningBuild(imageId: string): Build | undefined {
    return this.#running.get(imageId);
  }

  /** The last build of this process, running or finished. */
  lastBuild(imageId: string): Build | undefined {
    return this.#running.get(imageId) ?? this.#finished.get(imageId);
  }

  async settled(): Promise<void> {
    await Promise.all([...this.#running.values()].map(async (build) => build.outcome));
  }

  #plan(request: BuildRequest): Plan {
    const [from, ...commands] = request.instructions;
    if (from?.kind !== 'from') throw invalid('a Dockerfile begins with FROM');
    const given = request.bases.get(from.reference);
    const baseId =
      given === undefined
        ? idFromContent('im', [this.#parts.roots.nameOf(from.reference)])
        : this.#parts.store.get(given).imageId;
    const secrets = digest(request.secrets);
    let parentId = baseId;
    const steps = commands.map((instruction) => {
      const seen = instruction.kind === 'run' ? secrets : '';
      const recipe = idFromContent('im', [parentId, instruction, seen]);
      const known = this.#parts.store.findByRecipe(recipe)?.imageId ?? recipe;
      const step = { imageId: request.force ? newImageId() : known, recipe, parentId, instruction };
      parentId = step.imageId;
      return step;
    });
    return { tag: from.reference, baseId, isRegistryImage: given === undefined, steps };
  }

  async #build(plan: Plan, request: BuildRequest, log: OutputLog): Promise<void> {
    let record = plan.isRegistryImage
      ? await this.#share(plan.baseId, log, async (log) => this.#makeRoot(plan, log))
      : this.#parts.store.get(plan.baseId);
    for (const step of plan.steps) {
      const built = this.#parts.store.find(step.imageId);
      const title = `${step.instruction.kind.toUpperCase()} ${step.instruction.text}\n`;
      log.append(Buffer.from(built === undefined ? title : `(cached) ${title}`));
      const base = record;
      record =
        built ??
        (await this.#share(step.imageId, log, async (log) => this.#make({ step, base, request, log })));
    }
  }

  /** Does a step, or joins whoever is doing it; its output goes to the log of every build that waits for it. */
  async #share(
    imageId: string,
    log: OutputLog,
    make: (log: OutputLog) => Promise<ImageRecord>,
  ): Promise<ImageRecord> {
    let step = this.#steps.get(imageId);
    if (step === undefined) {
      const stepLog = this.#newLog();
      const record = make(stepLog).finally(() => {
        this.#steps.delete(imageId);
        stepLog.end();
      });
      step = { log: stepLog, record };
      this.#steps.set(imageId, step);
      this.#announce(imageId, stepLog);
    }
    const copied = copyLog(step.log, log);
    try {
      return await step.record;
    } finally {
      await copied;
    }
  }

  async #makeRoot(plan: Plan, log: OutputLog): Promise<ImageRecord> {
    const present = this.#parts.store.find(plan.baseId);
    if (present !== undefined) return present;
    const root = await this.#parts.roots.ensure(plan.tag, (line) => log.append(Buffer.from(`${line}\n`)));
    const record = newRecord({
      imageId: plan.baseId,
      parentId: null,
      recipe: null,
      origin: `FROM ${plan.tag}`,
      layers: [Layers.idOfRoot(root)],
      env: { PATH: defaultPath },
      workdir: '/',
      shell: ['/bin/sh', '-c'],
    });
    this.#parts.store.put(record);
    return record;
  }

  async #make(options: {
    step: PlannedStep;
    base: ImageRecord;
    request: BuildRequest;
    log: OutputLog;
  }): Promise<ImageRecord> {
    const { step, base, request, log } = options;
    const { store, layers, containers } = this.#parts;
    const result = await runStep(step.instruction, {
      base,
      store,
      layers,
      containers,
      secrets: request.secrets,
      log,
    });
    const origin = `${step.instruction.kind.toUpperCase()} ${step.instruction.text}`;
    const { imageId, parentId, recipe } = step;
    const record = newRecord({ ...result, imageId, parentId, recipe, origin });
    store.put(record);
    return record;
  }

  #finish(imageId: string, build: Build, failure: string | undefined): void {
    if (failure !== undefined) build.log.append(Buffer.from(`${failure}\n`));
    build.log.end();
    this.#running.delete(imageId);
    this.#finished.delete(imageId);
    this.#finished.set(imageId, build);
    const [oldest] = this.#finished;
    if (this.#finished.size > rememberedBuilds && oldest !== undefined) {
      oldest[1].log.discard();
      this.#finished.delete(oldest[0]);
    }
  }

  #newLog(): OutputLog {
    return new OutputLog(join(this.#parts.spoolDirectory, `build-${randomText(12)}`));
  }

  /** Build output also goes to the emulator's own log, which the development stack shows as progress. */
  #announce(imageId: string, log: OutputLog): void {
    void (async () => {
      let rest = '';
      for await (const part of log.read(0, new AbortController().signal)) {
        const lines = (rest + part.data.toString('utf8')).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) this.#parts.log(`[${imageId}] ${line}`);
      }
    })();
  }
}

function newRecord(parts: Omit<ImageRecord, 'createdAtMs' | 'expiresAtMs'>): ImageRecord {
  return { ...parts, createdAtMs: Date.now(), expiresAtMs: null };
}

async function copyLog(from: OutputLog, to: OutputLog): Promise<void> {
  for await (const part of from.read(0, new AbortController().signal)) to.append(part.data);
}

function digest(secrets: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(secrets).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.length === 0 ? '' : createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}
