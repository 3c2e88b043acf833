import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Sandbox } from 'modal';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Harness, out, sh } from './support/harness.ts';

let harness: Harness;
let sandbox: Sandbox;
beforeAll(async () => {
  harness = await Harness.start({ environment: { HANDED_IN: 'yes' } });
  sandbox = await harness.sandbox();
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

describe('inside a sandbox', () => {
  test('there are only its own processes', async () => {
    const names = await out(sandbox, 'exec cat /proc/[0-9]*/comm');
    expect(names.split('\n').filter(Boolean).toSorted()).toEqual(['cat', 'sleep']);
  });

  test("there is nothing of this machine's files and mounts", async () => {
    const mounts = (await out(sandbox, 'cat /proc/mounts'))
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' ')[1] ?? '');
    expect(mounts.toSorted()).toEqual([
      '/',
      '/dev',
      '/dev/pts',
      '/etc/hosts',
      '/etc/resolv.conf',
      '/proc',
      '/run',
      '/sys',
    ]);
    expect(
      await out(sandbox, 'ls -A /home /mnt /opt /srv /run/modal /tmp /root | grep -v "^$"'),
    ).not.toContain('harvest');
    expect((await sh(sandbox, `ls ${harness.stateDirectory}`)).code).toBe(2);
  });

  test('/dev, /run and /tmp are its own and begin empty', async () => {
    const other = await harness.sandbox();
    await out(sandbox, 'touch /dev/shm/mine /run/mine /tmp/mine');
    expect(await out(other, 'ls /dev/shm /tmp; ls /run')).toBe('/dev/shm:\n\n/tmp:\nlock\nmodal\nmount\n');
    expect(await out(other, 'ls /dev')).toBe(
      'fd\nfull\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\n',
    );
    expect(
      await out(other, 'echo x > /dev/null; head -c 2 /dev/zero | wc -c; stat -c %a /tmp /dev/shm'),
    ).toBe('2\n1777\n1777\n');
    expect(existsSync('/dev/shm/mine') || existsSync('/run/mine')).toBe(false);
    await other.terminate();
  });

  test("the kernel's settings cannot be changed through /sys, and the host name is its own", async () => {
    expect((await sh(sandbox, 'echo x > /sys/kernel/mm/ksm/run')).code).not.toBe(0);
    expect(await out(sandbox, 'cat /proc/sys/kernel/hostname')).toBe('modal\n');
    await out(sandbox, 'echo other > /proc/sys/kernel/hostname');
    expect(hostname()).not.toBe('other');
  });

  test("name resolution and authorities are this machine's, readable for every user", async () => {
    const asUser =
      "setpriv --reuid 10001 --clear-groups sh -c 'cat /etc/resolv.conf; wc -c < $SSL_CERT_FILE'";
    const bundle = '/etc/ssl/certs/ca-certificates.crt';
    const size = existsSync(bundle) ? `${readFileSync(bundle).length}\n` : '';
    expect(await out(sandbox, asUser)).toBe(`${readFileSync('/etc/resolv.conf', 'utf8')}${size}`);
    const variables = [
      'NODE_EXTRA_CA_CERTS',
      'PIP_CERT',
      'GIT_SSL_CAINFO',
      'CURL_CA_BUNDLE',
      'REQUESTS_CA_BUNDLE',
      'npm_config_cafile',
    ];
    expect(await out(sandbox, `for name in ${variables.join(' ')}; do printenv $name; done | sort -u`)).toBe(
      '/run/modal/ca-certificates.crt\n',
    );
  });

  test('the environment is only what was handed in', async () => {
    const names = (await out(sandbox, "env | sed 's/=.*//'")).split('\n').filter(Boolean);
    const expected = [
      'CURL_CA_BUNDLE',
      'GIT_SSL_CAINFO',
      'HANDED_IN',
      'HOME',
      'NODE_EXTRA_CA_CERTS',
      'PATH',
      'PIP_CERT',
      'PWD',
    ];
    expect(names.toSorted()).toEqual(
      [...expected, 'REQUESTS_CA_BUNDLE', 'SSL_CERT_FILE', 'npm_config_cafile'].toSorted(),
    );
  });

  test("the network is this machine's", async () => {
    const { port } = new URL(harness.emulator.url);
    const connected = await sh(sandbox, `bash -c 'exec 3<>/dev/tcp/127.0.0.1/${port}'`);
    expect(connected.code).toBe(0);
  });

  test('the package database is whole, and a directory of the image can be renamed', async () => {
    expect(await out(sandbox, 'dpkg --audit; dpkg-query -W -f "\\${Package}\\n" | grep -c .')).toMatch(
      /^\d{2,3}\n$/,
    );
    await out(
      sandbox,
      'mv /usr/share/doc /usr/share/documents && test ! -e /usr/share/doc && test -d /usr/share/documents/base-files',
    );
  });
});
