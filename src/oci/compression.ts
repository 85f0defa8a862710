/** How a layer's bytes are compressed. */
export type Compression = 'gzip' | 'zstd' | 'none';
