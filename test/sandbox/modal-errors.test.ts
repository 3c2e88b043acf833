import { ConflictError, InvalidError, NotFoundError, ResourceExhaustedError, TimeoutError } from 'modal';
import { expect, test } from 'vitest';
import { ProviderBusy, ProviderRefused, ProviderUnavailable, SandboxLost } from '../../src/sandbox/errors.ts';
import { isNotFound, toPortError } from '../../src/sandbox/modal-errors.ts';
import { layersOf } from '../../src/sandbox/modal-images.ts';

/** A gRPC error as the SDK lets it through: its class is not exported. */
const grpcError = (code: number, details: string) =>
  Object.assign(new Error(`/service/Method ${code}: ${details}`), { code, details });

test.each([
  [1, ProviderUnavailable],
  [2, ProviderUnavailable],
  [3, ProviderRefused],
  [4, ProviderUnavailable],
  [5, ProviderRefused],
  [7, ProviderRefused],
  [8, ProviderBusy],
  [9, ProviderRefused],
  [10, ProviderUnavailable],
  [12, ProviderRefused],
  [13, ProviderUnavailable],
  [14, ProviderUnavailable],
  [16, ProviderRefused],
])('gRPC code %i is told apart by what a caller does about it', (code, expected) => {
  const error = toPortError(grpcError(code, 'the reason'), 'list sandboxes');
  expect(error).toBeInstanceOf(expected);
  expect(error.message).toBe('list sandboxes: the reason');
});

test.each([
  [new NotFoundError('none'), ProviderRefused],
  [new ConflictError('finished'), ProviderRefused],
  [new InvalidError('too long'), ProviderRefused],
  [new ResourceExhaustedError('no room'), ProviderBusy],
  [new TimeoutError('late'), ProviderUnavailable],
  [new Error('Profile is missing credentials. Please set them'), ProviderRefused],
  [new Error('anything else'), ProviderUnavailable],
])('%s of the SDK becomes an error of the port', (given, expected) => {
  expect(toPortError(given, 'call')).toBeInstanceOf(expected);
});

test('an error of the port stays as it is', () => {
  const error = new SandboxLost('sb-1', 'it was terminated');
  expect(toPortError(error, 'call')).toBe(error);
});

test('an image that is not found is told in two ways', () => {
  expect(isNotFound(grpcError(5, 'no such thing'))).toBe(true);
  expect(isNotFound(grpcError(9, 'Could not find image with ID im-1'))).toBe(true);
  expect(isNotFound(grpcError(9, 'the secret lacks a key'))).toBe(false);
});

test('each RUN ends a layer, and what it does not end goes with the next', () => {
  expect(layersOf(['ENV A=1', 'RUN one', 'run two', 'WORKDIR /x', 'ENV B=2'])).toEqual([
    ['ENV A=1', 'RUN one'],
    ['run two'],
    ['WORKDIR /x', 'ENV B=2'],
  ]);
  expect(layersOf([])).toEqual([[]]);
});
