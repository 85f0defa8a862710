import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDigest } from '../../../src/oci/digest.ts';
import { isJson, parseJson } from '../../support/json.ts';
import { REAL_FORMS, realImage, requireRealImage } from '../../support/realImage.ts';
import { run } from '../../support/run.ts';

describe('the real image', { skip: requireRealImage() }, () => {
  it('has the unusual files in its layers', async () => {
    const image = await realImage();
    const { layers } = parseJson(image.manifest('gzip').bytes);
    assert.ok(Array.isArray(layers) && layers.length >= 6);
    const digests = layers.filter(isJson).map(({ digest }) => parseDigest(digest));
    const listings = await Promise.all(digests.map(digest => run('tar', ['-tvzf', image.blobFile(digest)])));
    const all = listings.join('\n');
    for (const [what, pattern] of Object.entries({
      whiteout: /odd\/\.wh\.gone$/m,
      'opaque directory': /odd\/opaque\/\.wh\.\.wh\.\.opq$/m,
      'character device': /^crw-r--r-- 0\/0 +1,3 .* odd\/character-device$/m,
      'block device': /^brw-r--r-- 0\/0 +7,200 .* odd\/block-device$/m,
      FIFO: /^prw-r--r-- .* odd\/fifo$/m,
      'hard link': /^hrw-r--r-- .* odd\/target.txt link to odd\/hardlink.txt$/m,
      'setuid program': /^-rwsr-xr-x .* odd\/setuid$/m,
      'large owner': / 3000000\/3000000 /,
      'sparse file': / 134217731 .* odd\/sparse$/m,
    })) {
      assert.match(all, pattern, what);
    }
  });

  it('exists in every form', async () => {
    const image = await realImage();
    const types = REAL_FORMS.map(form => {
      const { layers } = parseJson(image.manifest(form).bytes);
      return Array.isArray(layers) && isJson(layers[0]) ? layers[0].mediaType : undefined;
    });
    assert.deepEqual(types, [
      'application/vnd.oci.image.layer.v1.tar+gzip',
      'application/vnd.oci.image.layer.v1.tar+zstd',
      'application/vnd.oci.image.layer.v1.tar+zstd',
      'application/vnd.oci.image.layer.v1.tar',
      'application/vnd.docker.image.rootfs.diff.tar.gzip',
    ]);
  });
});
