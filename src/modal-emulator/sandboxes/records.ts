/** Which sandboxes there are and were, also after a restart of the emulator. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonFile, writeJsonFile } from '../disk/json-file.ts';
import { terminated } from './result.ts';
import { sandboxRecordSchema, type SandboxRecord } from './sandbox-record.ts';

/** Finished sandboxes that can still be asked about. */
const rememberedFinished = 1000;

/** The records of sandboxes, in memory and on disk. */
export class SandboxRecords {
  readonly #directory: string;
  readonly #records = new Map<string, SandboxRecord>();

  /** Whatever was running under an earlier process has ended with it, and its record says so from here on. */
  constructor(directory: string) {
    this.#directory = directory;
    const found = readdirSync(directory).flatMap(
      (file) => readJsonFile(join(directory, file), sandboxRecordSchema) ?? [],
    );
    for (const record of found.sort((a, b) => a.createdAtSeconds - b.createdAtSeconds)) {
      this.#records.set(record.sandboxId, record);
      if (record.result === null) {
        record.result = terminated('Local Modal was restarted, which ends its sandboxes');
        this.save(record);
      }
    }
  }

  save(record: SandboxRecord): void {
    this.#records.set(record.sandboxId, record);
    writeJsonFile(this.#pathOf(record), record);
    if (record.result !== null) this.#forgetOld();
  }

  forget(record: SandboxRecord): void {
    this.#records.delete(record.sandboxId);
    rmSync(this.#pathOf(record), { force: true });
  }

  find(sandboxId: string): SandboxRecord | undefined {
    return this.#records.get(sandboxId);
  }

  findByTask(taskId: string): SandboxRecord | undefined {
    return this.newestFirst().find((record) => record.taskId === taskId);
  }

  newestFirst(): SandboxRecord[] {
    return [...this.#records.values()].reverse();
  }

  #forgetOld(): void {
    const finished = [...this.#records.values()].filter((record) => record.result !== null);
    for (const record of finished.slice(0, -rememberedFinished)) this.forget(record);
  }

  #pathOf(record: SandboxRecord): string {
    return join(this.#directory, `${record.sandboxId}.json`);
  }
}
