import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { image, layer } from '../../support/image.ts';
import { parseJson } from '../../support/json.ts';
import { recompress } from '../../support/layout.ts';
import { file } from '../../support/tar.ts';
import { requireTool } from '../../support/tools.ts';

describe('images copied by skopeo', { skip: requireTool('skopeo', 'unshare') }, () => {
  it('become zstd:chunked with a table of contents', async () => {
    const built = image({ layers: [layer([file('a', 'content a'), file('b', Buffer.alloc(100_000, 'b'))])] });
    const chunked = await recompress(built, 'zstd:chunked');
    assert.match(JSON.stringify(parseJson(chunked.bytes)), /zstd-chunked\.manifest-position":"\d+:\d+:\d+:1"/);
    assert.equal(chunked.blobs[1]?.readUInt32LE(0), 0xfd2fb528);
  });
});
