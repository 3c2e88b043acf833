/** The harness's command line. */
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { isPointName, pointKinds } from './points/point.ts';

export const usage = `npm run chaos -- [options]

  --seed N          draws what is drawn (default: the time); printed, so that a run can be repeated
  --setting NAME    only this scenario: scenario or flood
  --only A,B        only these faults; none: the scenarios undisturbed
  --point NAME      only at this point, for example queue/activity-start:runTurn#2; again for more in the same run;
                    one that is not struck is a failure
  --points MAX      at most so many points of each fault
  --parallel K      lanes side by side (default 4)
  --minutes M       begins no run after so many minutes (default 115)
  --list            only plays the scenario undisturbed, prints its points and how many runs are planned
  --write           puts the table into docs/reliability.md
  --details FILE    appends what failed runs left
  --log FILE        keeps every run that ended; with the same file, options and sources a campaign that was cut short goes on,
                    and runs that failed are played again
  --planted         shows on copies of the sources that planted bugs are caught`;

const notAPoint = (name: unknown): string =>
  `"${String(name)}" names no point: a point is STEP/KIND:WHAT#NUMBER with a kind of ${pointKinds.join(', ')}`;

const whole = z.coerce.number().int().positive();

const schema = z.object({
  seed: z.coerce.number().int().nonnegative().optional(),
  only: z
    .string()
    .transform((names) => names.split(','))
    .optional(),
  setting: z.enum(['scenario', 'flood']).optional(),
  point: z.array(z.string().refine(isPointName, { error: ({ input }) => notAPoint(input) })).optional(),
  points: whole.optional(),
  parallel: whole.default(4),
  minutes: whole.default(115),
  list: z.boolean().default(false),
  write: z.boolean().default(false),
  details: z.string().optional(),
  log: z.string().optional(),
  planted: z.boolean().default(false),
});
export type Options = z.output<typeof schema> & { seed: number };

export class InvalidOptions extends Error {
  override readonly name = 'InvalidOptions';
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

export function parseOptions(argv: readonly string[]): Options | 'help' {
  const { values } = wellFormed(argv);
  if (values.help === true) return 'help';
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new InvalidOptions(`--${String(issue?.path[0])}: ${issue?.message}\n\n${usage}`);
  }
  return { ...parsed.data, seed: parsed.data.seed ?? Math.floor(Date.now() / 1_000) };
}

function wellFormed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        seed: text,
        only: text,
        setting: text,
        point: { ...text, multiple: true },
        points: text,
        parallel: text,
        minutes: text,
        details: text,
        log: text,
        list: flag,
        write: flag,
        planted: flag,
        help: { ...flag, short: 'h' },
      },
    });
  } catch (error) {
    throw new InvalidOptions(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  }
}
