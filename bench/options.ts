/** The bench's command line. */
import { parseArgs } from 'node:util';

export type BenchOptions = { quick: boolean; write: boolean };

export const benchUsage = `npm run bench -- [--quick] [--write]

  --quick   few samples: to see that it works, not to quote
  --write   put the figures into docs/benchmarks.md`;

export class InvalidOptions extends Error {
  override readonly name = 'InvalidOptions';
}

export function parseOptions(argv: readonly string[]): BenchOptions | 'help' {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        quick: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values.help ? 'help' : { quick: values.quick, write: values.write };
  } catch (error) {
    throw new InvalidOptions(`${error instanceof Error ? error.message : String(error)}\n\n${benchUsage}`);
  }
}
