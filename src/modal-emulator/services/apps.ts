/** Environments and the apps in them. */
import * as z from 'zod';
import { idFromContent } from '../disk/ids.ts';
import { readJsonFile, writeJsonFile } from '../disk/json-file.ts';

const appsSchema = z.record(z.string(), z.string());

/** The environment a request without one means. Every other name is an environment of its own, made by its first use. */
const defaultEnvironment = 'main';

export const environmentOf = (name: string): string => (name === '' ? defaultEnvironment : name);

/** Names of apps and their ids, per environment; on disk. */
export class Apps {
  readonly #path: string;
  readonly #ids: Record<string, string>;

  constructor(path: string) {
    this.#path = path;
    this.#ids = readJsonFile(path, appsSchema) ?? {};
  }

  find(environmentName: string, name: string): string | undefined {
    return this.#ids[appKey(environmentName, name)];
  }

  findOrCreate(environmentName: string, name: string): string {
    const existing = this.find(environmentName, name);
    if (existing !== undefined) return existing;
    const key = appKey(environmentName, name);
    const appId = idFromContent('ap', [key]);
    this.#ids[key] = appId;
    writeJsonFile(this.#path, this.#ids);
    return appId;
  }

  exists(appId: string): boolean {
    return Object.values(this.#ids).includes(appId);
  }

  environmentOf(appId: string): string | undefined {
    const key = Object.keys(this.#ids).find((key) => this.#ids[key] === appId);
    return key?.slice(0, key.indexOf('/'));
  }
}

function appKey(environmentName: string, name: string): string {
  return `${environmentOf(environmentName)}/${name}`;
}
