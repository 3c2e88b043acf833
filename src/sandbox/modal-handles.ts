/**
 * The SDK's sandbox objects by id. Sharing one among calls saves two requests and a connection each time, since an object
 * keeps the address and token of its sandbox's router and gives the connection back when idle.
 */
import type { ModalClient, Sandbox } from 'modal';

const kept = 500;

export class ModalHandles {
  readonly #client: ModalClient;
  readonly #handles = new Map<string, Sandbox>();

  constructor(client: ModalClient) {
    this.#client = client;
  }

  /** Without asking whether it lives. */
  async get(sandboxId: string): Promise<Sandbox> {
    const current = this.#handles.get(sandboxId);
    if (current === undefined) return this.keep(await this.#client.sandboxes.fromId(sandboxId));
    // To the end: the first one is the one that was not used for longest.
    this.#handles.delete(sandboxId);
    this.#handles.set(sandboxId, current);
    return current;
  }

  /** Keeps the object unless there is one, and returns the one that is kept. */
  keep(handle: Sandbox): Sandbox {
    const current = this.#handles.get(handle.sandboxId);
    if (current !== undefined) return current;
    this.#handles.set(handle.sandboxId, handle);
    const [oldest] = this.#handles.keys();
    if (this.#handles.size > kept && oldest !== undefined) this.drop(oldest);
    return handle;
  }

  /** For a sandbox that ended, or whose router no longer takes our token. Reads that go on are not disturbed. */
  drop(sandboxId: string): void {
    this.#handles.get(sandboxId)?.detach();
    this.#handles.delete(sandboxId);
  }

  close(): void {
    for (const handle of this.#handles.values()) handle.detach();
    this.#handles.clear();
  }
}
