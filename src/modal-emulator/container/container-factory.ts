/** Starts containers over image layers, knows those that run, and says what they all have in their environment. */
import { join } from 'node:path';
import { randomText } from '../disk/ids.ts';
import { containerCaBundle } from './container-files.ts';
import { Container, type ContainerMount } from './container.ts';
import type { Fifos } from './fifos.ts';

/** What a Debian image sets. */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export type ContainerFactoryOptions = {
  containersDirectory: string;
  deviceTemplate: string;
  /** The host's CA bundle, or undefined if it has none. */
  caBundle: string | undefined;
  /** Variables that every process of a container gets unless its image or request says otherwise (proxy settings). */
  environment: Readonly<Record<string, string>>;
  fifos: Fifos;
};

/** What programs look at to find a CA bundle; a host with a private authority would otherwise break pip, npm, git and curl in a container. */
const caVariables = [
  'SSL_CERT_FILE',
  'NODE_EXTRA_CA_CERTS',
  'PIP_CERT',
  'GIT_SSL_CAINFO',
  'CURL_CA_BUNDLE',
  'REQUESTS_CA_BUNDLE',
  'npm_config_cafile',
];

export class ContainerFactory {
  /** What a process of a container has in its environment before its image, sandbox and exec add theirs. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #options: ContainerFactoryOptions;
  readonly #starting = new Set<Promise<Container>>();
  readonly #running = new Set<Container>();

  constructor(options: ContainerFactoryOptions) {
    this.#options = options;
    const authorities =
      options.caBundle === undefined ? [] : caVariables.map((name) => [name, containerCaBundle]);
    this.environment = { HOME: '/root', ...Object.fromEntries(authorities), ...options.environment };
  }

  /** Layers as absolute paths, newest first. */
  async start(layers: readonly string[], mounts: readonly ContainerMount[] = []): Promise<Container> {
    const starting = this.#start(layers, mounts);
    this.#starting.add(starting);
    try {
      return await starting;
    } finally {
      this.#starting.delete(starting);
    }
  }

  /** Ends every container, also those that are just booting. */
  async endAll(): Promise<void> {
    await Promise.allSettled(this.#starting);
    await Promise.all([...this.#running].map(async (container) => container.end()));
  }

  async #start(layers: readonly string[], mounts: readonly ContainerMount[]): Promise<Container> {
    const { containersDirectory, deviceTemplate, caBundle, fifos } = this.#options;
    const directory = join(containersDirectory, randomText(12));
    const container = await Container.start({ directory, layers, mounts, deviceTemplate, caBundle, fifos });
    this.#running.add(container);
    void container.ended.then(() => this.#running.delete(container));
    return container;
  }
}
