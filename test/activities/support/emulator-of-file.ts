/** An emulator for all tests of a file; what a test leaves running there, and its faults, are gone before the next one. */
import { afterAll, afterEach, beforeAll } from 'vitest';
import { openEmulator, type EmulatorSubject } from '../../sandbox/emulator-subject.ts';

export function emulatorOfFile(): () => EmulatorSubject {
  let subject: EmulatorSubject;
  beforeAll(async () => {
    subject = await openEmulator();
  });
  afterEach(async () => {
    subject.emulator.faults.clear();
    for (const { sandboxId } of await subject.provider.list({}))
      await (await subject.provider.attach(sandboxId)).terminate();
  });
  afterAll(async () => subject.close());
  return () => subject;
}
