import { describe, expect, test } from 'vitest';
import { gitRouteOf, pathOfRepository } from '../../../src/supervisor/proxies/git-route.ts';

const services = ['git-upload-pack', 'git-receive-pack'] as const;
const unknown = { kind: 'unknown' };

describe('the git route', () => {
  test.each(services)('knows advertisement and call of %s, with and without .git', (service) => {
    for (const suffix of ['', '.git']) {
      const repository = `${pathOfRepository(7)}${suffix}`;
      expect(gitRouteOf('GET', `${repository}/info/refs?service=${service}`)).toEqual({
        kind: 'advertise',
        repository: 7,
        service,
      });
      expect(gitRouteOf('POST', `${repository}/${service}`)).toEqual({
        kind: 'call',
        repository: 7,
        service,
      });
    }
  });

  test('takes a path whose name goes on for another repository', () => {
    expect(gitRouteOf('GET', '0~-two.git/info/refs?service=git-upload-pack')).toEqual({
      kind: 'elsewhere',
      repository: 0,
      rest: '-two.git/info/refs?service=git-upload-pack',
    });
  });

  test.each([
    ['the other method', 'POST', '0~/info/refs?service=git-upload-pack'],
    ['the other method', 'GET', '0~/git-receive-pack'],
    ['a call of another repository', 'POST', '0~-two.git/git-receive-pack'],
    ['a service that git does not have', 'GET', '0~/info/refs?service=git-upload-archive'],
    ['a second parameter', 'GET', '0~/info/refs?service=git-upload-pack&service=git-receive-pack'],
    ['no service', 'GET', '0~/info/refs'],
    ['a plain file of the server', 'GET', '0~/HEAD'],
    ['no repository', 'GET', '/info/refs?service=git-upload-pack'],
    ['a number that is too long', 'GET', '0000~/info/refs?service=git-upload-pack'],
    ['a path that climbs', 'GET', '0~x/../other.git/info/refs?service=git-upload-pack'],
    ['a path that climbs at its end', 'GET', '0~../info/refs?service=git-upload-pack'],
    ['an empty part', 'GET', '0~x//info/refs?service=git-upload-pack'],
    ['an escape', 'GET', '0~x%2e%2e/info/refs?service=git-upload-pack'],
    ['a backslash', 'GET', '0~x\\y/info/refs?service=git-upload-pack'],
    ['more behind the end', 'POST', '0~/git-upload-pack/x'],
    ['a line feed behind the end', 'POST', '0~/git-upload-pack\n'],
  ])('does not know %s', (_, method, path) => {
    expect(gitRouteOf(method, path)).toEqual(unknown);
  });
});
