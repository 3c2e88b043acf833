/**
 * What can be wrong with a store, one class for each decision a caller makes. The same call again mends none of them; after
 * a `JournalGap` the caller reads again and calls with more.
 */
import { dirname } from 'node:path';

/** The file is damaged or is no store of ours: somebody has to put a backup in its place or move it away. */
export class StoreCorrupted extends Error {
  override readonly name = 'StoreCorrupted';
  readonly file: string;
  constructor(file: string, cause?: unknown) {
    super(
      `The store ${file} is damaged or is not a Harvest store: stop Harvest and put a backup in its place, ` +
        'or move it (and the files beside it that begin with its name) away to start with an empty one.',
      { cause },
    );
    this.file = file;
  }
}

/** A newer Harvest has changed the schema: upgrade this one. */
export class StoreTooNew extends Error {
  override readonly name = 'StoreTooNew';
  readonly file: string;
  readonly found: number;
  readonly known: number;
  constructor(file: string, versions: { found: number; known: number }) {
    super(
      `The store ${file} was written by a newer Harvest (schema ${versions.found}, this one knows ` +
        `${versions.known}): upgrade this Harvest or choose another data directory.`,
    );
    this.file = file;
    this.found = versions.found;
    this.known = versions.known;
  }
}

/** This user may not write where the store is: give access or choose another place. */
export class StoreNotWritable extends Error {
  override readonly name = 'StoreNotWritable';
  readonly file: string;
  constructor(file: string, cause?: unknown) {
    super(
      `The store ${file} cannot be opened for writing: give this user write access to ${dirname(file)} ` +
        'or choose another data directory.',
      { cause },
    );
    this.file = file;
  }
}

/** The store was closed while something still used it. */
export class StoreClosed extends Error {
  override readonly name = 'StoreClosed';
  constructor() {
    super('The store was closed.');
  }
}

/** Records before `fromOffset` are missing: read the journal again from `cursor`. Nothing was appended. */
export class JournalGap extends Error {
  override readonly name = 'JournalGap';
  readonly cursor: number;
  constructor(fromOffset: number, cursor: number) {
    super(`Journal records from offset ${fromOffset} cannot follow what is stored, which ends at ${cursor}.`);
    this.cursor = cursor;
  }
}

/** The records do not fit the journal that is stored: another journal was read. Nothing was appended. */
export class JournalMismatch extends Error {
  override readonly name = 'JournalMismatch';
}

/** More than the bound for one blob or one bundle. Nothing was stored. */
export class BlobTooLarge extends Error {
  override readonly name = 'BlobTooLarge';
  readonly bytes: number;
  readonly limitBytes: number;
  constructor(bytes: number, limitBytes: number) {
    super(`${bytes} bytes are more than the store takes at once (${limitBytes}).`);
    this.bytes = bytes;
    this.limitBytes = limitBytes;
  }
}
