/** The demo's command line. */
import { parseArgs } from 'node:util';

export type DemoOptions = {
  /** Somebody's repository instead of one made on the spot. */
  repository: { url: string; branch: string } | null;
  keep: boolean;
  json: boolean;
};

export class InvalidOptions extends Error {
  override readonly name = 'InvalidOptions';
}

export const demoUsage = `npm run demo -- [--repo URL [--branch B]] [--keep] [--json]

  --repo URL   a git repository over http(s) instead of one made on the spot; GITHUB_TOKEN is its password
  --branch B   the branch to start from (main)
  --keep       leave the stack up afterwards and say how to look at it
  --json       print steps and events as JSON lines`;

export function parseOptions(argv: readonly string[]): DemoOptions | 'help' {
  const { values } = parse(argv);
  if (values.help) return 'help';
  if (values.branch !== undefined && values.repo === undefined) {
    throw new InvalidOptions('--branch belongs to --repo URL');
  }
  const repository = values.repo === undefined ? null : { url: values.repo, branch: values.branch ?? 'main' };
  return { repository, keep: values.keep, json: values.json };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        repo: { type: 'string' },
        branch: { type: 'string' },
        keep: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new InvalidOptions(`${error instanceof Error ? error.message : String(error)}\n\n${demoUsage}`);
  }
}
