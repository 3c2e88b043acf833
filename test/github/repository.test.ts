import { expect, test } from 'vitest';
import { parseRepositoryUrl } from '../../src/github/repository.ts';

const app = { owner: 'acme', name: 'app' };

test.each([
  ['https://github.com/acme/app', 'github.com', app],
  ['https://github.com/acme/app.git', 'github.com', app],
  ['https://github.com/acme/app/', 'github.com', app],
  ['https://GitHub.com/acme/app', 'github.com', app],
  ['https://github.com:443/acme/app', 'github.com', app],
  ['https://github.example:8443/acme/app.git', 'GitHub.example:8443', app],
  ['https://github.com/some_company/a.b-c_d.git', 'github.com', { owner: 'some_company', name: 'a.b-c_d' }],
  ['https://github.com/acme/.github', 'github.com', { owner: 'acme', name: '.github' }],
  ['http://127.0.0.1:4100/acme/app.git', '127.0.0.1:4100', app],
])('%s is on %s', (url, host, repository) => {
  expect(parseRepositoryUrl(url, { host })).toEqual(repository);
});

test.each([
  'https://gitlab.com/acme/app',
  'https://github.com.evil.example/acme/app',
  'https://evil.example/github.com/acme/app',
  'https://github.com@evil.example/acme/app',
  'https://user:password@github.com/acme/app',
  'http://github.com/acme/app',
  'ssh://git@github.com/acme/app.git',
  'git@github.com:acme/app.git',
  'https://github.com:8443/acme/app',
  'https://github.com/acme',
  'https://github.com/acme/',
  'https://github.com//app',
  'https://github.com/acme/app/tree/main',
  'https://github.com/acme/.git',
  'https://github.com/acme/%2e%2e',
  'https://github.com/acme/..',
  'https://github.com/acme/a%2Fb',
  'https://github.com/acme/app?token=1',
  'https://github.com/acme/app#readme',
  ' https://github.com/acme/app',
  'https://github.com/acme/a\npp',
  '',
  'acme/app',
])('%j is no repository of github.com', (url) => {
  expect(parseRepositoryUrl(url, { host: 'github.com' })).toBeNull();
});
