import { join } from 'node:path';
import Database from 'better-sqlite3';

/** As if all of the ledger of sandboxes had been recorded so much earlier: what was asked for then can come no more. */
export function makeLedgerOlder(dataDirectory: string, minutes: number): void {
  const database = new Database(join(dataDirectory, 'store.sqlite'));
  const earlier = (column: string): string =>
    `${column} = strftime('%Y-%m-%dT%H:%M:%fZ', ${column}, '-${minutes} minutes')`;
  database.exec(`update sandboxes set ${earlier('intended_at')}, ${earlier('doubted_at')}`);
  database.close();
}
