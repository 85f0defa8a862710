import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Client, ProxyAgent, request } from 'undici';
import { MANIFEST_ACCEPT } from '../../../src/oci/mediaTypes.ts';
import { BUSYBOX_TOOLS, pushBusybox } from '../../support/busybox.ts';
import { EMPTY_LAYER_BLOB, image, layer } from '../../support/image.ts';
import { isJson, type Json, parseJson } from '../../support/json.ts';
import { sha256 } from '../../support/registry/store.ts';
import { createPrivateCa } from '../../support/privateCa.ts';
import { pushContent } from '../../support/push.ts';
import { type DockerRegistry, startDockerRegistry } from '../../support/servers/dockerRegistry.ts';
import { startNginx } from '../../support/servers/nginx.ts';
import { startSquid } from '../../support/servers/squid.ts';
import { signingKey } from '../../support/schema1.ts';
import { file } from '../../support/tar.ts';
import { requireTool } from '../../support/tools.ts';

const SKIP = requireTool('docker-registry', 'htpasswd', 'nginx', 'squid', 'openssl');

describe('real servers', { skip: SKIP }, () => {
  let plain: DockerRegistry;
  before(async () => void (plain = await startDockerRegistry()));
  after(() => plain.close());

  const status = async (url: string, options: Parameters<typeof request>[1] = {}): Promise<number> => {
    const { statusCode, body } = await request(url, options);
    await body.dump();
    return statusCode;
  };
  const small = [layer([file('a', 'b')])];

  it('docker-registry accepts our signed schema 1 manifest after checking its signature', async () => {
    const built = image({ layers: [...small, { createdBy: 'CMD' }], format: 'schema1', name: 'x/one', tag: 'v1' });
    await pushContent(plain, 'x/one', built, 'v1');
    // It stores the signed text and signs it again itself.
    const { headers, body } = await request(`${plain.url}/v2/x/one/manifests/v1`, {
      headers: { accept: built.mediaType },
    });
    await body.dump();
    assert.equal(headers['content-type'], built.mediaType);
    assert.equal(headers['docker-content-digest'], built.digest);
  });

  it('docker-registry refuses a schema 1 manifest with a wrong signature', async () => {
    const built = image({ layers: small, format: 'schema1', name: 'x/two', tag: 'v1', keys: [signingKey()] });
    const forged = Buffer.from(built.bytes.toString().replace('"amd64"', '"arm64"'));
    await assert.rejects(pushContent(plain, 'x/two', { ...built, bytes: forged }, 'v1'), /400/);
  });

  it('TLS from a private authority, with client certificates', async () => {
    const ca = createPrivateCa();
    const server = await startDockerRegistry({ tls: ca.issue(), clientCaFile: ca.certFile });
    const { key, cert } = ca.issue({ client: 'alice' });
    const known = new Client(server.url, { connect: { ca: ca.cert, key, cert } });
    const stranger = new Client(server.url, { connect: { ca: ca.cert } });
    try {
      const answer = await known.request({ method: 'GET', path: '/v2/' });
      await answer.body.dump();
      assert.equal(answer.statusCode, 200);
      await assert.rejects(stranger.request({ method: 'GET', path: '/v2/' }));
    } finally {
      await Promise.all([known.destroy(), stranger.destroy()]);
      await server.close();
      ca.close();
    }
  });

  it('Basic and token authentication', async () => {
    const basic = await startDockerRegistry({ htpasswd: { alice: 's3cret' } });
    const tokens = await startDockerRegistry({ tokens: {} });
    try {
      const authorization = `Basic ${Buffer.from('alice:s3cret').toString('base64')}`;
      assert.equal(await status(`${basic.url}/v2/`), 401);
      assert.equal(await status(`${basic.url}/v2/`, { headers: { authorization } }), 200);
      await pushContent(basic, 'x/y', image({ layers: small }), ['v1'], { user: 'alice', password: 's3cret' });
      assert.equal(await status(`${tokens.url}/v2/x/y/tags/list`), 401);
      await assert.rejects(pushContent(tokens, 'x/y', image({ layers: small }), 'v1'), /401/);
      await pushContent(tokens, 'x/y', image({ layers: small }), 'v1', { user: 'alice', password: 's3cret' });
      const form = {
        grant_type: 'refresh_token',
        refresh_token: tokens.tokenServer?.identityToken('alice') ?? '',
        service: 'test-registry',
        client_id: 'test',
        scope: 'repository:x/y:pull',
      };
      const answer = await request(`${tokens.tokenServer?.url}/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
      });
      const token = String(parseJson(await answer.body.text()).access_token);
      const bearer = { authorization: `Bearer ${token}` };
      assert.equal(await status(`${tokens.url}/v2/x/y/tags/list`, { headers: bearer }), 200);
    } finally {
      await Promise.all([basic.close(), tokens.close()]);
    }
  });

  it('a pull-through mirror, nginx with a path prefix, and a proxy', async () => {
    await pushContent(plain, 'x/three', image({ layers: small }), 'v1');
    const mirror = await startDockerRegistry({ mirrorOf: { url: plain.url } });
    const nginx = await startNginx({ upstream: plain.url });
    const squid = await startSquid({ user: 'bob', password: 'pa:ss' });
    const agent = new ProxyAgent({ uri: squid.url, token: `Basic ${Buffer.from('bob:pa:ss').toString('base64')}` });
    try {
      const accept = 'application/vnd.oci.image.manifest.v1+json';
      assert.equal(await status(`${mirror.url}/v2/x/three/manifests/v1`, { headers: { accept } }), 200);
      assert.equal(await status(`${nginx.url}/v2/x/three/manifests/v1`, { headers: { accept } }), 200);
      assert.equal(await status(`http://${nginx.host}/v2/`), 404);
      const paged = await request(`${nginx.url}/v2/_catalog?n=1`);
      await paged.body.dump();
      assert.match(String(paged.headers.link), /^<\/artifactory\/api\/docker\/repo\/v2\/_catalog\?/);
      assert.equal(await status(`${plain.url}/v2/`, { dispatcher: agent }), 200);
      await squid.logged(({ status: code, user }) => code === 200 && user === 'bob');
      assert.equal(squid.requests().length, 1);
    } finally {
      await agent.destroy();
      await Promise.all([mirror.close(), nginx.close(), squid.close()]);
    }
  });

  it('library/busybox is built and pushed by real tools', { skip: requireTool(...BUSYBOX_TOOLS) }, async () => {
    await pushBusybox(plain);
    const read = async (tag: string): Promise<Json> => {
      const { body } = await request(`${plain.url}/v2/library/busybox/manifests/${tag}`, {
        headers: { accept: MANIFEST_ACCEPT },
      });
      return parseJson(await body.text());
    };
    const v1 = await read('v1');
    assert.equal(v1.schemaVersion, 1);
    assert.equal(
      Array.isArray(v1.fsLayers) && isJson(v1.fsLayers[0]) && v1.fsLayers[0].blobSum,
      sha256(EMPTY_LAYER_BLOB),
    );
    assert.equal((await read('latest')).mediaType, 'application/vnd.docker.distribution.manifest.v2+json');
    assert.match(JSON.stringify(await read('oci')), /image\.layer\.v1\.tar\+gzip/);
    assert.match(JSON.stringify(await read('oci-zstd')), /image\.layer\.v1\.tar\+zstd/);
    assert.match(JSON.stringify(await read('multi')), /"arm64"/);
    assert.match(JSON.stringify(await read('multi-docker')), /manifest\.list\.v2/);
  });
});
