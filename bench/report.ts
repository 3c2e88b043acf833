/** Figures as Markdown. Tables are padded as the formatter wants them, which also suits a terminal. */
import type { Aim, Figure, Section } from './figures.ts';
import type { Machine } from './machine.ts';
import { percentile } from './statistics.ts';

export type Results = {
  machine: Machine;
  sections: readonly Section[];
  notMeasured: readonly string[];
  failures: readonly string[];
};

export function renderResults(results: Results, { quick }: { quick: boolean }): string {
  const { machine, sections, notMeasured, failures } = results;
  return [
    ...(quick ? ['Taken with `--quick`: few samples, not to be quoted.', ''] : []),
    ...(machine.busy
      ? ['The machine was busy with other work: every time is longer than it need be.', '']
      : []),
    ...table(
      ['machine', ''],
      Object.entries(machine.facts).map((pair) => [...pair]),
    ),
    '',
    ...sections.flatMap(renderSection),
    '### Not measured',
    '',
    ...[...notMeasured, ...failures].map((line) => `- ${line}`),
  ].join('\n');
}

function renderSection({ title, text, figures }: Section): string[] {
  const rows = figures.map((figure) => {
    const { what, unit, samples, part, aim } = figure;
    const show = (fraction: number): string => shown(percentile(samples, fraction), unit);
    return [
      part === true ? `– ${what}` : what,
      String(samples.length),
      show(0.5),
      show(0.95),
      // With fewer samples it is the largest one.
      samples.length >= 100 ? show(0.99) : '',
      aim === undefined ? '' : `${verdict(figure, aim)}: ${aim.percentile} at most ${shown(aim.most, unit)}`,
    ];
  });
  return [`### ${title}`, '', text, '', ...table(['figure', 'n', 'median', 'p95', 'p99', 'aim'], rows), ''];
}

function verdict({ samples }: Figure, aim: Aim): string {
  const fractions = { p50: 0.5, p95: 0.95, p99: 0.99, worst: 1 } as const;
  if (percentile(samples, fractions[aim.percentile]) <= aim.most) return 'met';
  return percentile(samples, 0.5) <= aim.most ? 'missed (the median meets it)' : 'missed';
}

function shown(value: number, unit: Figure['unit']): string {
  const digits = unit !== 'events' && value < 100 ? 1 : 0;
  return `${value.toFixed(digits)}${unit === 'events' ? '' : ` ${unit}`}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}
