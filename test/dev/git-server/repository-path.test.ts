import { describe, expect, test } from 'vitest';
import { checkRepositoryName, parseGitRequest } from '../../../src/dev/git-server/repository-path.ts';

describe('a request of git', () => {
  test.each([
    {
      method: 'GET',
      url: '/fruit.git/info/refs?service=git-upload-pack',
      request: {
        repository: 'fruit',
        operation: 'fetch',
        advertisement: true,
        pathInfo: '/fruit.git/info/refs',
      },
    },
    {
      method: 'GET',
      url: '/ada/fruit/info/refs?service=git-receive-pack',
      request: {
        repository: 'ada/fruit',
        operation: 'push',
        advertisement: true,
        pathInfo: '/ada/fruit.git/info/refs',
      },
    },
    {
      method: 'POST',
      url: '/fruit.git/git-upload-pack',
      request: {
        repository: 'fruit',
        operation: 'fetch',
        advertisement: false,
        pathInfo: '/fruit.git/git-upload-pack',
      },
    },
    {
      method: 'POST',
      url: '/a.b/git-receive-pack',
      request: {
        repository: 'a.b',
        operation: 'push',
        advertisement: false,
        pathInfo: '/a.b.git/git-receive-pack',
      },
    },
  ])('is understood: $method $url', ({ method, url, request }) => {
    expect(parseGitRequest(method, url)).toEqual(request);
  });

  test.each([
    ['the dumb protocol', 'GET', '/fruit.git/info/refs'],
    ['a service that git does not have', 'GET', '/fruit.git/info/refs?service=git-upload-archive'],
    ['a transfer that is only read', 'GET', '/fruit.git/git-upload-pack'],
    ['a list of refs that is written', 'POST', '/fruit.git/info/refs?service=git-upload-pack'],
    ['a file of the repository', 'GET', '/fruit.git/HEAD'],
    ['no repository', 'GET', '/info/refs?service=git-upload-pack'],
    ['a coded slash upwards', 'POST', '/a/..%2f..%2fetc/git-upload-pack'],
    ['a hidden folder', 'POST', '/.ssh/git-upload-pack'],
    ['an empty part', 'POST', '/a//b/git-upload-pack'],
  ])('is none of ours: %s', (_, method, url) => {
    expect(parseGitRequest(method, url)).toBeUndefined();
  });
});

test.each(['/../etc', '/%2e%2e/etc', '/a/../../etc'])('a path upwards ends at the top: %s', (path) => {
  expect(parseGitRequest('POST', `${path}/git-upload-pack`)?.repository).toBe('etc');
});

describe('a repository', () => {
  test.each(['fruit', 'ada/fruit', 'a-b_c.d', '-', '_/x'])('may be called %s', (name) => {
    expect(checkRepositoryName(name)).toBe(name);
  });

  test.each([
    '',
    '/fruit',
    'fruit/',
    'a//b',
    '.',
    '..',
    '../x',
    'a/../b',
    '.git',
    'a b',
    'a%2fb',
    'ä',
    'a\n',
  ])('may not be called %j', (name) => {
    expect(() => checkRepositoryName(name)).toThrow(RangeError);
  });
});
