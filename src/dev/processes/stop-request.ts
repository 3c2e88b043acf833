/** Resolves at the first Ctrl-C or SIGTERM; a second one ends the process at once, and with it every part of the stack. */
export function stopRequest(): Promise<string> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(130);
        asked = true;
        resolve(signal === 'SIGINT' ? 'interrupted' : 'asked to end');
      });
    }
  });
}
