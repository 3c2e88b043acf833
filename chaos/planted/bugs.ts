/**
 * Bugs as people make them, each against one invariant. They are planted into a copy of the sources, and the harness must
 * catch each with the check it names.
 */
export type PlantedBug = {
  name: string;
  /** For the table: what is wrong. */
  what: string;
  invariant: string;
  edits: readonly Edit[];
  /** Arguments of the harness: the points that must catch it. */
  run: readonly string[];
  /** Any of these checks. */
  caughtBy: readonly string[];
};

/** The only occurrence of `from` becomes `to`. */
export type Edit = { file: string; from: string; to: string };

const gap = (delayMs: number): string => `await new Promise((resolve) => setTimeout(resolve, ${delayMs}));`;

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'seq-outside-transaction',
    what: 'the next `seq` is read before the transaction that writes it, and no key refuses a second one',
    invariant: 'I5',
    edits: [
      {
        file: 'src/store/journal.ts',
        from: 'const result = await database.write(async (db) => append(db, batch));',
        to: `const last = await lastSeqOf(database.read, batch.sessionId);
      ${gap(400)}
      const result = await database.write(async (db) => append(db, batch, last));`,
      },
      {
        file: 'src/store/journal.ts',
        from: '  batch: JournalBatch,\n)',
        to: '  batch: JournalBatch,\n  last: number,\n)',
      },
      {
        file: 'src/store/journal.ts',
        from: 'insertEvents(db, sessionId, events);',
        to: 'insertEvents(db, sessionId, events, last);',
      },
      {
        file: 'src/store/journal.ts',
        from: 'import { insertEvents, withoutKnown }',
        to: 'import { insertEvents, lastSeqOf, withoutKnown }',
      },
      {
        file: 'src/store/event-rows.ts',
        from: '  events: readonly NewEvent[],\n): Promise<number> {',
        to: '  events: readonly NewEvent[],\n  given?: number,\n): Promise<number> {',
      },
      {
        file: 'src/store/event-rows.ts',
        from: 'const last = await lastSeqOf(db, sessionId);',
        to: 'const last = given ?? (await lastSeqOf(db, sessionId));',
      },
      {
        file: 'src/store/migrations.ts',
        from: "    .addPrimaryKeyConstraint('events_pk', ['session_id', 'seq'])\n",
        to: '',
      },
    ],
    run: ['--setting', 'scenario', '--only', 'none'],
    caughtBy: ['log contiguous and unique', 'followers saw the log', 'scenario played'],
  },
  {
    name: 'cursor-before-events',
    what: 'the journal’s cursor is moved in a transaction of its own, before the events are appended',
    invariant: 'I5',
    edits: [
      {
        file: 'src/store/journal.ts',
        from: 'const result = await database.write(async (db) => append(db, batch));',
        to: `const { sessionId, generation, nextOffset } = batch;
      const stored = await cursorOf(database.read, batch);
      const cursor = Math.max(stored, nextOffset);
      await database.write(async (db) => setCursor(db, { sessionId, generation, cursor }));
      ${gap(500)}
      const result = await database.write(async (db) => append(db, batch, stored));`,
      },
      {
        file: 'src/store/journal.ts',
        from: '  batch: JournalBatch,\n)',
        to: '  batch: JournalBatch,\n  stored: number,\n)',
      },
      { file: 'src/store/journal.ts', from: '  const stored = await cursorOf(db, batch);\n', to: '' },
    ],
    run: ['--setting', 'scenario', '--only', 'worker-kill', '--point', 'queue/record:event.tool.finished#1'],
    caughtBy: ['log holds the journals', 'one terminal event per prompt'],
  },
  {
    name: 'turn-record-after-start',
    what: 'the supervisor writes `turn.started` some time after it has started the agent on the turn',
    invariant: 'I2',
    edits: [
      {
        file: 'src/supervisor/turns/turn-runs.ts',
        from: "    recorder.record({ kind: 'turn.started', turnId, continuation });\n",
        to: "    setTimeout(() => recorder.record({ kind: 'turn.started', turnId, continuation }), 2_000);\n",
      },
    ],
    run: [
      '--setting',
      'scenario',
      '--only',
      'supervisor-kill',
      '--point',
      'commit/record:event.tool.finished#1',
    ],
    caughtBy: [
      'turns begin before they act',
      'effects exactly once',
      'continued and restarted as they should',
    ],
  },
  {
    name: 'sandbox-before-ledger',
    what: 'a sandbox is named anew by every attempt, and the ledger hears of it after it was created',
    invariant: 'I7',
    edits: [
      {
        file: 'src/activities/create-sandbox.ts',
        from: 'const name = sandboxNameOf(sessionId, generation);',
        to: 'const name = `${sandboxNameOf(sessionId, generation)}-${Math.random().toString(36).slice(2, 8)}`;',
      },
      {
        file: 'src/activities/find-or-create.ts',
        from: 'const intent = await deps.store.sandboxes.recordIntent({',
        to: 'const intent = { name } as SandboxRecord;\n  void ({',
      },
      {
        file: 'src/activities/find-or-create.ts',
        from: '    await deps.store.sandboxes.recordCreated({ name, sandboxId: sandbox.sandboxId });\n    return sandbox;',
        to: `    const generation = Number(/-g(\\d+)-/.exec(name)?.[1]);
    const sessionId = name.replace(/-g\\d+-.*/, '');
    const { imageId } = request.image;
    await deps.store.sandboxes.recordIntent({ name, sessionId, generation, imageId });
    await deps.store.sandboxes.recordCreated({ name, sandboxId: sandbox.sandboxId });
    return sandbox;`,
      },
    ],
    run: [
      '--setting',
      'scenario',
      '--only',
      'worker-kill',
      '--point',
      'start/modal-answer:SandboxCreateV2#1',
    ],
    caughtBy: ['nothing left'],
  },
  {
    name: 'deduplication-lost',
    what: 'the handled prompt ids do not travel through continue-as-new',
    invariant: 'I9',
    edits: [
      {
        file: 'src/workflows/session-data.ts',
        from: 'const carried = { ...data, ',
        to: 'const carried = { ...data, handled: [], ',
      },
    ],
    run: ['--setting', 'flood', '--only', 'none'],
    caughtBy: ['prompts taken once', 'effects exactly once', 'one terminal event per prompt'],
  },
];
