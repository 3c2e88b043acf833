/**
 * `npm run histories -- [--keep LABEL] [NAME…]`: records the histories of the replay gate anew, all of them or those of the
 * named scenarios. `--keep` first sets aside what is there as `NAME@LABEL.json`, for sessions that began on an earlier build.
 */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { historyNames, historyPath, scenarioOf, writeHistory } from '../test/replay/support/history-files.ts';
import { Recorder } from '../test/replay/support/record.ts';
import { scenarios } from '../test/replay/scenarios/index.ts';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { keep: { type: 'string' } } });
const names = positionals.length > 0 ? positionals : Object.keys(scenarios);
for (const name of names)
  if (scenarios[name] === undefined) throw new Error(`there is no scenario "${name}"`);

await using recorder = new Recorder();
for (const name of names) {
  const scenario = scenarios[name]?.();
  if (scenario === undefined) continue;
  const history = await recorder.record(name, scenario);
  const path = historyPath(name);
  if (values.keep !== undefined && existsSync(path)) renameSync(path, historyPath(`${name}@${values.keep}`));
  writeHistory(name, history);
  console.log(`${name}: ${history.runs.map(({ events }) => events.length).join(' + ')} events`);
}
// What no scenario stands for is nobody's.
for (const name of historyNames()) if (scenarios[scenarioOf(name)] === undefined) rmSync(historyPath(name));
