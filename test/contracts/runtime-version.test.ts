import { expect, test } from 'vitest';
import { isUsableRuntime, runtimeNumber } from '../../src/contracts/runtime-version.ts';

test.each([
  { version: `${runtimeNumber}-sdk.0.3.330`, usable: true },
  { version: `${runtimeNumber}-sdk.0.3.330\n`, usable: true },
  { version: '999-sdk.9.9.9', usable: true },
  { version: '0-sdk.0.3.330', usable: false },
  { version: '-1-sdk.0.3.330', usable: false },
  { version: 'v1-sdk.0.3.330', usable: false },
  { version: '1', usable: false },
  { version: 'unknown', usable: false },
  { version: '', usable: false },
])('a snapshot with the runtime $version is usable: $usable', ({ version, usable }) => {
  expect(isUsableRuntime(version)).toBe(usable);
});
