/** A build's output as progress: all of it in a file, and for people the steps and now and then a line between them. */
import { createWriteStream } from 'node:fs';

const lineIntervalMs = 2_000;

export type BuildProgress = {
  /** Pieces of output as they come. */
  write: (text: string) => void;
  close: () => void;
};

export function createBuildProgress(options: {
  logFile: string;
  log: (line: string) => void;
}): BuildProgress {
  const file = createWriteStream(options.logFile, { flags: 'a', mode: 0o600 });
  let rest = '';
  let lastShownMs = 0;
  const show = (line: string) => {
    const isStep = /^\[(\d+\/\d+|size)\] /.test(line);
    if (line.trim() === '' || (!isStep && Date.now() - lastShownMs < lineIntervalMs)) return;
    lastShownMs = Date.now();
    options.log(`base image: ${line.length > 140 ? `${line.slice(0, 139)}…` : line}`);
  };
  return {
    write: (text) => {
      file.write(text);
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) show(line);
    },
    close: () => file.end(),
  };
}
