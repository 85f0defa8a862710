import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  familiarName,
  familiarRepository,
  formatReference,
  InvalidReferenceError,
  parseReference,
  wantedVersion,
} from '../../../src/oci/reference.ts';

const HEX = '0123456789abcdef'.repeat(4);
const SHA256 = `sha256:${HEX}`;
const SHA512 = `sha512:${HEX}${HEX}`;
const LONG = Array.from({ length: 64 }, () => 'aaa').join('/');

/** References and their full forms. */
const VALID: Record<string, string> = {
  busybox: 'docker.io/library/busybox:latest',
  'busybox:1.36': 'docker.io/library/busybox:1.36',
  'docker/docker': 'docker.io/docker/docker:latest',
  'library/debian': 'docker.io/library/debian:latest',
  'docker.io/docker/docker': 'docker.io/docker/docker:latest',
  'docker.io/library/debian': 'docker.io/library/debian:latest',
  'docker.io/debian': 'docker.io/library/debian:latest',
  'index.docker.io/docker/docker': 'docker.io/docker/docker:latest',
  'index.docker.io/library/debian': 'docker.io/library/debian:latest',
  'index.docker.io/debian': 'docker.io/library/debian:latest',
  'registry-1.docker.io/library/debian': 'docker.io/library/debian:latest',
  '127.0.0.1:5000/docker/docker': '127.0.0.1:5000/docker/docker:latest',
  '127.0.0.1:5000/library/debian': '127.0.0.1:5000/library/debian:latest',
  '127.0.0.1:5000/debian': '127.0.0.1:5000/debian:latest',
  '192.168.0.1': 'docker.io/library/192.168.0.1:latest',
  '192.168.0.1:80': 'docker.io/library/192.168.0.1:80',
  '192.168.0.1:8/debian': '192.168.0.1:8/debian:latest',
  '192.168.0.2:25000/debian': '192.168.0.2:25000/debian:latest',
  thisisthesongthatneverendsitgoesonandonandonthisisthesongthatnev:
    'docker.io/library/thisisthesongthatneverendsitgoesonandonandonthisisthesongthatnev:latest',
  'docker.io/1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a':
    'docker.io/library/1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a:latest',
  'test:5000': 'docker.io/library/test:5000',
  'test.com:tag': 'docker.io/library/test.com:tag',
  'test.com/repo:tag': 'test.com/repo:tag',
  'test:5000/repo': 'test:5000/repo:latest',
  'test:5000/repo:tag': 'test:5000/repo:tag',
  [`test:5000/repo@${SHA256}`]: `test:5000/repo@${SHA256}`,
  [`test:5000/repo:tag@${SHA256}`]: `test:5000/repo:tag@${SHA256}`,
  [`busybox@${SHA512}`]: `docker.io/library/busybox@${SHA512}`,
  'lowercase:Uppercase': 'docker.io/library/lowercase:Uppercase',
  'sub-dom1.foo.com/bar/baz/quux:some-long-tag': 'sub-dom1.foo.com/bar/baz/quux:some-long-tag',
  'b.gcr.io/test.example.com/my-app:test.example.com': 'b.gcr.io/test.example.com/my-app:test.example.com',
  'xn--n3h.com/myimage:xn--n3h.com': 'xn--n3h.com/myimage:xn--n3h.com',
  'foo_bar.com:8080': 'docker.io/library/foo_bar.com:8080',
  'foo/foo_bar.com:8080': 'docker.io/foo/foo_bar.com:8080',
  '[::1]:5000/repo': '[::1]:5000/repo:latest',
  '[2001:db8::1]/a/b:c': '[2001:db8::1]/a/b:c',
  'localhost/x': 'localhost/x:latest',
  'localhost:80/x/y': 'localhost:80/x/y:latest',
  'Uppercase.com/x': 'uppercase.com/x:latest',
  'Word/x': 'Word/x:latest',
  'foo.com/bar--baz__q.u-x': 'foo.com/bar--baz__q.u-x:latest',
  'foo---bar': 'docker.io/library/foo---bar:latest',
  a: 'docker.io/library/a:latest',
  'ghcr.io/Owner/Name:Tag': 'ghcr.io/owner/name:Tag',
  [`r.example/${LONG}`]: `r.example/${LONG}:latest`,
};

const INVALID: [text: string, why: RegExp][] = [
  ['', /empty/],
  ['   ', /empty/],
  [':justtag', /missing/],
  [`@${SHA256}`, /missing/],
  ['repo@sha256:ffffffffffffffffffffffffffffffffff', /isn't a digest/],
  [
    'validname@invaliddigest:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    /isn't a digest/,
  ],
  [`repo@${SHA256.toUpperCase()}`, /isn't a digest/],
  [`a@b@${SHA256}`, /isn't a digest/],
  ['Uppercase:tag', /lower case: "uppercase"/],
  ['Uppercase/lowercase:Tag/x', /tag|name/],
  ['test:5000/Uppercase/lowercase:tag', /lower case/],
  ['docker/Docker', /lower case/],
  ['a//b', /empty/],
  ['a/', /empty|missing/],
  ['/a', /empty|host/],
  ['-foo/bar', /can't be part/],
  ['foo-/bar', /can't be part/],
  ['foo.com/-bar', /can't be part/],
  ['foo.com/bar-', /can't be part/],
  ['foo.com/b___r', /can't be part/],
  ['foo.com/b..r', /can't be part/],
  ['foo.com/b._r', /can't be part/],
  ['-foo.com/bar', /isn't a host/],
  ['foo-.com/bar', /isn't a host/],
  ['foo.com:port/bar', /isn't a host/],
  ['foo.com:80:80/bar', /isn't a host/],
  ['[fe80::1%eth0]/x', /isn't a host/],
  ['[::1/x', /isn't a host/],
  ['[]:5000/x', /isn't a host/],
  ['[::1]', /can't be part/],
  ['busybox:', /isn't a tag/],
  ['busybox:-a', /isn't a tag/],
  ['busybox:.a', /isn't a tag/],
  ['busybox:a b', /can't be part|isn't a tag/],
  [`busybox:${'a'.repeat(129)}`, /isn't a tag/],
  ['busybox:tág', /isn't a tag/],
  ['büsybox', /can't be part/],
  ['bücher.example/x', /isn't a host/],
  [HEX, /image ID/],
  [`${'a/'.repeat(128)}a`, /longer than 255/],
  ['x'.repeat(5000), /too long/],
  ['../etc/passwd', /isn't a host|can't be part/],
  ['a/../b', /can't be part/],
  ['https://', /./],
];

/** What people paste. */
const PASTED: Record<string, string> = {
  ' busybox \n': 'docker.io/library/busybox:latest',
  '"busybox:1"': 'docker.io/library/busybox:1',
  'docker pull busybox': 'docker.io/library/busybox:latest',
  '$ docker pull quay.io/a/b:c': 'quay.io/a/b:c',
  'sudo podman pull --platform linux/arm64 -q docker.io/a/b': 'docker.io/a/b:latest',
  'docker image pull --platform=linux/arm64 a/b:1': 'docker.io/a/b:1',
  'FROM --platform=$BUILDPLATFORM node:22-alpine AS build': 'docker.io/library/node:22-alpine',
  'image: "ghcr.io/a/b:1"': 'ghcr.io/a/b:1',
  'docker://alpine': 'docker.io/library/alpine:latest',
  'oci://ghcr.io/charts/x:1.0': 'ghcr.io/charts/x:1.0',
  'https://host.example/v2/library/busybox/manifests/latest': 'host.example/library/busybox:latest',
  [`https://host.example/v2/a/b/manifests/${SHA256}`]: `host.example/a/b@${SHA256}`,
  [`https://host.example/v2/a/b/blobs/${SHA256}`]: 'host.example/a/b:latest',
  'https://registry-1.docker.io/v2/library/nginx/tags/list?n=5': 'docker.io/library/nginx:latest',
  'http://localhost:5000/v2/x/manifests/1': 'localhost:5000/x:1',
  'https://h.example/artifactory/api/docker/repo/v2/team/app/manifests/2': 'h.example/team/app:2',
  'http://[::1]:5000/v2/x/manifests/1': '[::1]:5000/x:1',
  'https://hub.docker.com/_/nginx': 'docker.io/library/nginx:latest',
  'https://hub.docker.com/_/nginx/tags?page=1': 'docker.io/library/nginx:latest',
  'https://hub.docker.com/r/grafana/grafana/': 'docker.io/grafana/grafana:latest',
  'https://hub.docker.com/r/grafana/grafana/tags': 'docker.io/grafana/grafana:latest',
  'https://hub.docker.com/layers/library/nginx/1.27/images/sha256-0123': 'docker.io/library/nginx:1.27',
  'https://hub.docker.com/repository/docker/me/thing/general': 'docker.io/me/thing:latest',
  'https://quay.io/repository/prometheus/node-exporter?tab=tags&tag=v1': 'quay.io/prometheus/node-exporter:v1',
  'https://quay.io/prometheus/node-exporter:v1': 'quay.io/prometheus/node-exporter:v1',
  'https://github.com/Owner/repo/pkgs/container/name': 'ghcr.io/owner/name:latest',
  'https://github.com/orgs/Owner/packages/container/package/my%2Fname': 'ghcr.io/owner/my/name:latest',
  'https://gallery.ecr.aws/docker/library/busybox': 'public.ecr.aws/docker/library/busybox:latest',
  'https://ghcr.io/owner/name:1': 'ghcr.io/owner/name:1',
};

describe('references', () => {
  for (const [text, expected] of Object.entries(VALID)) {
    it(`reads ${text.slice(0, 60)} as ${expected.slice(0, 60)}`, () => {
      const reference = parseReference(text);
      assert.equal(formatReference(reference), expected);
      assert.deepEqual(parseReference(expected), reference, 'the full form reads the same');
    });
  }

  for (const [text, why] of INVALID) {
    it(`refuses "${text.slice(0, 60)}"`, () => {
      assert.throws(
        () => parseReference(text),
        error =>
          error instanceof InvalidReferenceError &&
          why.test(error.reason) &&
          /busybox/.test(error.message) &&
          error.message.length < 800,
      );
    });
  }

  for (const [text, expected] of Object.entries(PASTED)) {
    it(`extracts from "${text.trim().slice(0, 70)}"`, () =>
      assert.equal(formatReference(parseReference(text)), expected));
  }

  it('have a short form for display', () => {
    const cases: Record<string, string> = {
      busybox: 'busybox:latest',
      'a/b:1': 'a/b:1',
      'ghcr.io/a/b:1': 'ghcr.io/a/b:1',
      [`busybox:1@${SHA256}`]: 'busybox:1@sha256:0123456789ab',
      [`localhost:5000/x@${SHA256}`]: 'localhost:5000/x@sha256:0123456789ab',
    };
    for (const [text, short] of Object.entries(cases)) assert.equal(familiarName(parseReference(text)), short);
    assert.equal(familiarRepository({ registry: 'docker.io', repository: 'library/x' }), 'x');
  });

  it('prefer the digest over the tag', () => {
    assert.equal(wantedVersion(parseReference(`busybox:1@${SHA256}`)), SHA256);
    assert.equal(wantedVersion(parseReference('busybox:1')), '1');
    assert.equal(wantedVersion(parseReference('busybox')), 'latest');
  });

  it('of any form are parsed in time', () => {
    for (const part of ['a-', 'a_', 'a.', 'a/', 'a:', '@', 'https://', 'docker pull ']) {
      try {
        parseReference(part.repeat(2000));
      } catch (error) {
        assert.ok(error instanceof InvalidReferenceError);
      }
    }
  });
});
