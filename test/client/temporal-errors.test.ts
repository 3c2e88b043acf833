import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import {
  ServiceError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure, TerminatedFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { codeOf, failureTypeOf, uncertaintyOf } from '../../src/client/temporal-errors.ts';

/** As gRPC makes it. */
function grpcError(code: number): Error {
  const details = 'what the server said';
  return Object.assign(new Error(`${code}: ${details}`), { code, details, metadata: new Metadata() });
}

const wrapped = (code: number): Error => new ServiceError('Failed to start', { cause: grpcError(code) });

/** A refused update, with the failure of that type behind it. */
const refused = (type: string): WorkflowUpdateFailedError =>
  new WorkflowUpdateFailedError('Workflow Update failed', ApplicationFailure.nonRetryable('no', type));

describe('the outcome of a call', () => {
  test.each([
    { code: 1, name: 'CANCELLED', uncertainty: 'passing' },
    { code: 2, name: 'UNKNOWN', uncertainty: 'passing' },
    { code: 4, name: 'DEADLINE_EXCEEDED', uncertainty: 'passing' },
    { code: 8, name: 'RESOURCE_EXHAUSTED', uncertainty: 'passing' },
    { code: 10, name: 'ABORTED', uncertainty: 'passing' },
    { code: 14, name: 'UNAVAILABLE', uncertainty: 'passing' },
    { code: 9, name: 'FAILED_PRECONDITION', uncertainty: 'may-stay' },
    { code: 13, name: 'INTERNAL', uncertainty: 'may-stay' },
    { code: 3, name: 'INVALID_ARGUMENT', uncertainty: 'none' },
    { code: 5, name: 'NOT_FOUND', uncertainty: 'none' },
    { code: 6, name: 'ALREADY_EXISTS', uncertainty: 'none' },
    { code: 7, name: 'PERMISSION_DENIED', uncertainty: 'none' },
    { code: 16, name: 'UNAUTHENTICATED', uncertainty: 'none' },
  ])('after gRPC’s $code $name has the uncertainty "$uncertainty"', ({ code, uncertainty }) => {
    expect(uncertaintyOf(grpcError(code))).toBe(uncertainty);
    expect(uncertaintyOf(wrapped(code))).toBe(uncertainty);
  });

  test('is unknown after the codes that docs/contract.md lists, and after no other', async () => {
    const page = await readFile(join(import.meta.dirname, '../../docs/contract.md'), 'utf8');
    const rows = page.split('\n').filter((line) => /^\| \d+ [A-Z_]+/.test(line));
    const listed = rows.map((row) => [...row.matchAll(/(\d+) [A-Z_]{5,}/g)].map(([, code]) => Number(code)));
    const codes = Array.from({ length: 17 }, (_, code) => code);
    const after = (wanted: string): number[] =>
      codes.filter((code) => uncertaintyOf(grpcError(code)) === wanted);
    expect(listed).toEqual([after('passing'), after('may-stay')]);
  });

  test('is unknown when nobody answered an update in time', () => {
    expect(uncertaintyOf(new WorkflowUpdateRPCTimeoutOrCancelledError('no answer'))).toBe('passing');
  });

  test('is unknown when the run ended with the update in flight, and known when the session refused it', () => {
    expect(uncertaintyOf(refused('AcceptedUpdateCompletedWorkflow'))).toBe('may-stay');
    expect(uncertaintyOf(refused('Rejected'))).toBe('none');
    expect(uncertaintyOf(new WorkflowUpdateFailedError('Workflow Update failed', undefined))).toBe('none');
  });

  test.each([
    new Error('a defect'),
    new ServiceError('no cause'),
    Object.assign(new Error('the system’s'), { code: 14 }),
    'a word',
    undefined,
  ])('is known after what is no error of gRPC: %s', (error) => {
    expect(uncertaintyOf(error)).toBe('none');
    expect(codeOf(error)).toBeUndefined();
  });
});

test('the code is found in the error itself and in the one that Temporal’s client puts around it', () => {
  expect(codeOf(grpcError(5))).toBe(5);
  expect(codeOf(wrapped(5))).toBe(5);
});

test('the type of a refusal is that of the failure behind it', () => {
  expect(failureTypeOf(refused('SessionClosed'))).toBe('SessionClosed');
  const untyped = new WorkflowUpdateFailedError('failed', ApplicationFailure.create({ message: 'no' }));
  const other = new WorkflowUpdateFailedError('failed', new TerminatedFailure('terminated'));
  expect([untyped, other].map(failureTypeOf)).toEqual([undefined, undefined]);
});
