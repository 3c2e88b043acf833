import { testSandboxProvider } from './conformance.ts';
import { openEmulator } from './emulator-subject.ts';

testSandboxProvider({ open: openEmulator });
