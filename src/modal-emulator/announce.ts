/** Tells a listener outside what an RPC is about to do, and waits for it: whoever tests faults can hold a call exactly there. */

export type Announcement = {
  rpc: string;
  /** `call`: nothing is done yet. `answer`: everything is done, and the caller does not know it. */
  moment: 'call' | 'answer';
};

/** POSTs the announcement and resolves with the answer, whatever it is; a listener that is gone holds nothing up. */
export async function announce(url: string | undefined, announcement: Announcement): Promise<void> {
  if (url === undefined) return;
  const body = JSON.stringify(announcement);
  await fetch(url, { method: 'POST', body }).then(
    async (response) => response.text(),
    () => undefined,
  );
}
