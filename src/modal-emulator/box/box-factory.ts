import { join } from 'node:path';
import { randomText } from '../disk/ids.ts';
import { BOX_CA_BUNDLE } from './box-files.ts';
import { Box } from './box.ts';
import type { Fifos } from './fifos.ts';

/** What a Debian image sets. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export type BoxFactoryOptions = {
  boxesDirectory: string;
  deviceTemplate: string;
  /** The host's CA bundle, or undefined if it has none. */
  caBundle: string | undefined;
  /** Variables that every process of a box gets unless its image or request says otherwise (proxy settings). */
  environment: Readonly<Record<string, string>>;
  fifos: Fifos;
};

/** What programs look at to find a CA bundle; a host with a private authority would otherwise break pip, npm, git and curl in a box. */
const CA_VARIABLES = [
  'SSL_CERT_FILE',
  'NODE_EXTRA_CA_CERTS',
  'PIP_CERT',
  'GIT_SSL_CAINFO',
  'CURL_CA_BUNDLE',
  'REQUESTS_CA_BUNDLE',
  'npm_config_cafile',
];

export class BoxFactory {
  /** What a process of a box has in its environment before its image, sandbox and exec add theirs. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #options: BoxFactoryOptions;
  readonly #starting = new Set<Promise<Box>>();
  readonly #running = new Set<Box>();

  constructor(options: BoxFactoryOptions) {
    this.#options = options;
    const authorities =
      options.caBundle === undefined ? [] : CA_VARIABLES.map((name) => [name, BOX_CA_BUNDLE]);
    this.environment = { HOME: '/root', ...Object.fromEntries(authorities), ...options.environment };
  }

  /** Layers as absolute paths, newest first. */
  async start(layers: readonly string[]): Promise<Box> {
    const starting = this.#start(layers);
    this.#starting.add(starting);
    try {
      return await starting;
    } finally {
      this.#starting.delete(starting);
    }
  }

  /** Ends every box, also those that are just booting. */
  async endAll(): Promise<void> {
    await Promise.allSettled(this.#starting);
    await Promise.all([...this.#running].map(async (box) => box.end()));
  }

  async #start(layers: readonly string[]): Promise<Box> {
    const { boxesDirectory, deviceTemplate, caBundle, fifos } = this.#options;
    const directory = join(boxesDirectory, randomText(12));
    const box = await Box.start({ directory, layers, deviceTemplate, caBundle, fifos });
    this.#running.add(box);
    void box.ended.then(() => this.#running.delete(box));
    return box;
  }
}
