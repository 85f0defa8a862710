import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { silentLogger } from '../../../support/doubles.ts';
import { parseReference } from '../../../../src/oci/reference.ts';
import { resolveImage } from '../../../../src/resolve/resolveImage.ts';
import type { ResolvedImage } from '../../../../src/oci/image.ts';
import { AccountAuthorizer } from '../../../../src/registry/auth/accountAuthorizer.ts';
import { RegistryClient } from '../../../../src/registry/api/client.ts';
import { Transport } from '../../../../src/registry/http/transport.ts';
import { DEFAULT_TRANSPORT } from '../../../../src/registry/http/transportOptions.ts';
import { curlText, type CurlAccess } from '../../../../src/vscode/registriesView/curlText.ts';
import { fillDemo } from '../../../support/demoImage.ts';
import { startRegistry, type Registry } from '../../../support/registry/registry.ts';
import { requireTool } from '../../../support/tools.ts';

const signal = new AbortController().signal;
let registry: Registry;
let image: ResolvedImage;
let scratch = '';
const transport = new Transport({ ...DEFAULT_TRANSPORT, tries: 1 }, silentLogger);

before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'peel-curl-'));
  registry = await startRegistry({ access: { scheme: 'bearer' } });
  fillDemo(registry);
  const config = { name: registry.host, url: registry.url };
  const client = new RegistryClient(
    config,
    transport,
    new AccountAuthorizer(transport, [], silentLogger),
    silentLogger,
  );
  image = await resolveImage(client, parseReference(`${registry.host}/demo/hello:latest`), undefined, signal);
  // Steps that need root are not tested: this sudo only logs its arguments.
  await writeFile(
    join(scratch, 'sudo'),
    '#!/bin/sh\nif [ "$1" = tar ]; then exec "$@"; fi\necho "sudo $*" >>"$SUDO_LOG"\n',
  );
  await chmod(join(scratch, 'sudo'), 0o755);
});
after(async () => {
  await transport.close();
  await registry.close();
  await rm(scratch, { recursive: true, force: true });
});

const tokens = (): CurlAccess => ({
  url: registry.url,
  insecure: false,
  challenge: { scheme: 'bearer', realm: `${registry.access.tokenServer?.url}/token`, service: 'embedded-registry' },
});

const skip = requireTool('curl', 'tar', 'sed', 'sha256sum');

test('the script does what a pull does: token, manifest, verified blobs, folders, and a mount', { skip }, async () => {
  const log = join(scratch, 'sudo.log');
  const env = { ...process.env, PATH: `${scratch}${delimiter}${process.env['PATH']}`, SUDO_LOG: log };
  const script = `set -e\n${curlText(image, tokens())}`;
  const { stdout } = await promisify(execFile)('sh', ['-c', script], { cwd: scratch, env });
  const folder = join(scratch, 'hello-latest');
  for (const { number } of image.layers)
    assert.ok(existsSync(join(folder, 'layers', String(number))), `layer ${number}`);
  assert.ok(existsSync(join(folder, 'layers/1/bin/busybox')));
  assert.equal(stdout.match(/: OK$/gm)?.length, image.layers.length, 'every blob is checked');
  const order = image.layers
    .map(({ number }) => number)
    .toReversed()
    .join(':');
  assert.match(readFileSync(log, 'utf8'), new RegExp(`^sudo mount -t overlay -o lowerdir=${order},upperdir=`, 'm'));
});

test("the script for one layer has only that layer's steps", () => {
  const [, second] = image.layers;
  assert.ok(second);
  const text = curlText(image, tokens(), second);
  assert.equal(text.match(/\/blobs\//g)?.length, 1);
  assert.ok(text.includes(second.descriptor.digest));
  assert.doesNotMatch(text, /mount|layers\/1 /);
});

test('nothing from a registry becomes a command', async () => {
  const challenge = {
    scheme: 'bearer',
    realm: `${registry.url}/$(touch pwned)'\`touch pwned\`;x`,
    service: "a'; touch pwned; '",
  } as const;
  const foreign = {
    ...image,
    layers: image.layers.map(layer => ({
      ...layer,
      descriptor: {
        ...layer.descriptor,
        mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
        urls: ["http://127.0.0.1:1/'; touch pwned; '$(touch pwned)"],
      },
    })),
  };
  const text = curlText(foreign, { ...tokens(), challenge });
  await promisify(execFile)('sh', ['-c', text], {
    cwd: scratch,
    env: { ...process.env, PATH: `${scratch}${delimiter}${process.env['PATH']}`, SUDO_LOG: join(scratch, 'log') },
  }).catch(() => undefined);
  assert.equal(existsSync(join(scratch, 'pwned')), false);
  assert.equal(existsSync(join(scratch, 'hello-latest/pwned')), false);
});

test('prompts for accounts, and passes on how the registry is trusted', () => {
  const basic = curlText(image, { url: 'https://r.example', insecure: true, challenge: { scheme: 'basic' } });
  assert.match(basic, /-u "\$REGISTRY_USER"/);
  assert.match(basic, /curl -fSL -k /);
  assert.match(
    curlText(image, { url: 'https://r.example', insecure: false, ca: "/my ca's.pem" }),
    /--cacert '\/my ca'\\''s\.pem'/,
  );
  assert.doesNotMatch(curlText(image, { url: 'http://r.example', insecure: true }), /-k |TOKEN|-u /);
});
