import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatPlatform,
  InvalidPlatformError,
  normalizePlatform,
  parsePlatform,
  platformDistance,
  type Platform,
} from '../../../src/oci/platform.ts';

test('turns the names that people and tools write into those of the image-spec', () => {
  const cases: [string, string][] = [
    ['linux/amd64', 'linux/amd64'],
    ['amd64', 'linux/amd64'],
    ['x86_64', 'linux/amd64'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm64/8', 'linux/arm64'],
    ['arm', 'linux/arm/v7'],
    ['armhf', 'linux/arm/v7'],
    ['armel', 'linux/arm/v6'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['i386', 'linux/386'],
    ['macos/arm64', 'darwin/arm64'],
    ['Windows/AMD64', 'windows/amd64'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['linux/amd64/v1', 'linux/amd64'],
  ];
  for (const [written, meant] of cases) assert.equal(formatPlatform(parsePlatform(written)), meant, written);
});

test("refuses what isn't a platform, with an example", () => {
  for (const text of ['', 'linux/', '/amd64', 'linux/amd64/v1/x', '$(id)']) {
    assert.throws(() => parsePlatform(text), InvalidPlatformError, text);
  }
});

test('accepts an older variant, not a newer one', () => {
  const distance = (wanted: string, offered: string) => platformDistance(parsePlatform(wanted), parsePlatform(offered));
  assert.equal(distance('linux/arm/v7', 'linux/arm/v7'), 0);
  assert.equal(distance('linux/arm/v7', 'linux/arm/v6'), 1);
  assert.equal(distance('linux/arm/v7', 'linux/arm/v5'), 2);
  assert.equal(distance('linux/arm/v6', 'linux/arm/v7'), undefined);
  assert.equal(distance('linux/amd64/v3', 'linux/amd64'), 2);
  assert.equal(distance('linux/amd64/v3', 'linux/amd64/v2'), 1);
  assert.equal(distance('linux/amd64', 'linux/amd64/v2'), 10, 'better than nothing, when nothing else is offered');
  assert.equal(distance('linux/amd64', 'linux/arm64'), undefined);
  assert.equal(distance('linux/amd64', 'windows/amd64'), undefined);
});

test('reads back every platform that it formats', () => {
  const odd: Platform[] = [
    { os: 'linux', architecture: 'arm', variant: 'v7' },
    { os: 'windows', architecture: 'amd64', 'os.version': '10.0.17763.1' },
    { os: 'linux', architecture: 'amd64', 'os.version': 'Ubuntu 22.04.5' },
    { os: 'darwin', architecture: 'arm64', 'os.version': 'macOS (14)/a\nb\t c%20' },
    { os: 'two words', architecture: 'ä/ö(ü)+', variant: '100%' },
    { os: 'unknown', architecture: 'unknown' },
  ];
  for (const platform of odd) assert.deepEqual(parsePlatform(formatPlatform(platform)), platform);
  const tooled = { os: 'Linux', architecture: 'x86_64', variant: 'v1', 'os.version': ' 1 ' };
  assert.deepEqual(parsePlatform(formatPlatform(tooled)), normalizePlatform(tooled));
});

test('matches a wanted Windows version', () => {
  const wanted = normalizePlatform({ os: 'windows', architecture: 'amd64', 'os.version': '10.0.17763.1' });
  assert.equal(platformDistance(wanted, { ...wanted, 'os.version': '10.0.20348.1' }), undefined);
  assert.equal(platformDistance({ os: 'windows', architecture: 'amd64' }, wanted), 0);
  assert.equal(platformDistance({ ...wanted, 'os.version': '10.0.17763' }, wanted), 0);
  assert.equal(platformDistance({ ...wanted, 'os.version': '10.0.1776' }, wanted), undefined);
  assert.equal(formatPlatform(wanted), 'windows/amd64 10.0.17763.1');
});
