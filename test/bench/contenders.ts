import { dirname } from 'node:path';
import type { BenchImage, BenchLayer } from './images.ts';

/** The inputs of a contender. Its working folder is a fresh disk. */
export interface Course {
  readonly image: BenchImage;
  /** The same image uncompressed, to measure only the creation of files. */
  readonly plain: BenchImage;
  /** The registry's host. */
  readonly host: string;
  /** With TLS: the file of the registry's authority, alone in its folder. */
  readonly caFile?: string;
  /** The folder with the bundled peel.js and stages.js. */
  readonly programs: string;
}

/** A way from a reference to files on disk, or one stage of it. */
export interface Contender {
  readonly id: string;
  readonly name: string;
  /** What it verifies. */
  readonly checks: string;
  /** It creates no files, so there are none to check. */
  readonly stage?: boolean;
  /** The bash script; `undefined` if it doesn't support this image. */
  script(course: Course): string | undefined;
}

const BOTH = 'blob digests and diff IDs';

/** Returns the alternatives a user has, Peel first. */
export const ways: readonly Contender[] = [
  {
    id: 'peel',
    name: 'Peel',
    checks: BOTH,
    script: course =>
      `${course.caFile === undefined ? '' : `NODE_EXTRA_CA_CERTS=${course.caFile} `}${node(course, 'peel.js')} ${course.caFile === undefined ? '' : 'https://'}${reference(course)} "$PWD"`,
  },
  {
    id: 'umoci',
    name: '`skopeo copy` + `umoci unpack`',
    checks: BOTH,
    // Debian's umoci doesn't support zstd.
    script: course =>
      course.image.compression === 'zstd'
        ? undefined
        : withoutMemory(
            `skopeo copy -q ${course.caFile === undefined ? '--src-tls-verify=false' : `--src-cert-dir ${dirname(course.caFile)}`} docker://${reference(course)} oci:layout:it; umoci unpack --image layout:it bundle`,
          ),
  },
  {
    id: 'podman',
    name: '`podman pull`',
    checks: BOTH,
    script: course =>
      withoutMemory(
        `podman --root store --runroot run --storage-driver overlay pull -q ${course.caFile === undefined ? '--tls-verify=false' : `--cert-dir ${dirname(course.caFile)}`} ${reference(course)}`,
      ),
  },
  {
    id: 'buildah',
    name: '`buildah pull`',
    checks: BOTH,
    script: course =>
      course.image.name === 'debian' && course.image.compression === 'gzip'
        ? withoutMemory(
            `buildah --root store --runroot run --storage-driver overlay pull -q --tls-verify=false ${reference(course)}`,
          )
        : undefined,
  },
  {
    id: 'sequential',
    name: '`curl -o`, `tar x`, one layer at a time',
    checks: 'nothing',
    script: course =>
      course.image.layers
        .map(
          (layer, at) =>
            `mkdir l${at}; curl -sSf -o l${at}.blob ${url(course, layer)}; tar -x ${tarOption(course)} -f l${at}.blob -C l${at}`,
        )
        .join('\n'),
  },
  {
    id: 'parallel',
    name: '`curl \\| tar x`, all layers at once',
    checks: 'nothing',
    script: course => atOnce(course, `tar -x ${tarOption(course)} -f -`),
  },
  {
    id: 'pigz',
    name: '`curl \\| pigz -d \\| tar x`, all at once',
    checks: 'nothing',
    script: course => (course.image.compression === 'gzip' ? atOnce(course, 'pigz -dc', 'tar -x -f -') : undefined),
  },
  {
    id: 'igzip',
    name: '`curl \\| igzip -d \\| tar x`, all at once',
    checks: 'nothing',
    script: course => (course.image.compression === 'gzip' ? atOnce(course, 'igzip -dc', 'tar -x -f -') : undefined),
  },
  {
    id: 'igzip-hashes',
    name: 'the same with `openssl dgst` of blob and tar',
    checks: BOTH,
    script: course =>
      course.image.compression === 'gzip'
        ? atOnce(
            course,
            `tee >(openssl dgst -sha256 > blob.sum)`,
            'igzip -dc',
            'tee >(openssl dgst -sha256 > tar.sum)',
            'tar -x -f -',
          )
        : undefined,
  },
];

/** Returns the stages that every way needs, and Peel's own. */
export const floor: readonly Contender[] = [
  {
    id: 'bytes',
    name: 'bytes over loopback (`curl -o /dev/null`)',
    checks: '',
    stage: true,
    script: course => course.image.layers.map(layer => `curl -sSf -o /dev/null ${url(course, layer)}`).join('\n'),
  },
  {
    id: 'inflate',
    name: 'the fastest decoder available (`igzip`, `zstd`)',
    checks: '',
    stage: true,
    script: ({ image }) =>
      ({
        gzip: `igzip -dc ${files(image)} > /dev/null`,
        zstd: `zstd -qdc ${files(image)} > /dev/null`,
        none: undefined,
      })[image.compression],
  },
  {
    id: 'hash',
    name: 'SHA-256 of blobs and tars',
    checks: '',
    stage: true,
    script: course => {
      const bytes = course.image.layers.reduce((sum, layer) => sum + layer.size + layer.tarSize, 0);
      return `${node(course, 'stages.js')} hash ${bytes}`;
    },
  },
  {
    id: 'inodes',
    name: 'creating the same files (`tar x` from memory)',
    checks: '',
    script: ({ plain }) => plain.layers.map(({ file }, at) => `mkdir l${at}; tar -x -f ${file} -C l${at}`).join('\n'),
  },
  {
    id: 'inflate+hash',
    name: "only Peel's decoder and both hashes, one thread, no download, no files",
    checks: '',
    stage: true,
    script: course => `${node(course, 'stages.js')} inflate+hash ${files(course.image)}`,
  },
  {
    id: 'inflate-own',
    name: "only Peel's decoder, one thread",
    checks: '',
    stage: true,
    script: course => `${node(course, 'stages.js')} inflate ${files(course.image)}`,
  },
  {
    id: 'list',
    name: "listing all entries with Peel's reader, without extracting, one thread",
    checks: '',
    stage: true,
    script: course => `${node(course, 'stages.js')} list ${files(course.image)}`,
  },
  {
    id: 'index',
    name: "browsing's pass over all layers (digests, positions, checksums, likely secrets), one thread",
    checks: '',
    stage: true,
    script: course => `${node(course, 'browse.js')} index ${files(course.image)}`,
  },
];

/** Returns measurements reported next to the tables. */
export const extras: readonly Contender[] = [
  {
    id: 'open',
    name: 'opening an indexed layer',
    checks: '',
    stage: true,
    script: course =>
      `${node(course, 'browse.js')} index ${files(course.image)} > passed.json; ${node(course, 'browse.js')} open 0.index`,
  },
  {
    id: 'warm',
    name: 'Peel twice',
    checks: '',
    stage: true,
    script: course => `${node(course, 'peel.js')} ${reference(course)} "$PWD" warm`,
  },
  {
    id: 'again',
    name: 'Peel, and the same again',
    checks: '',
    stage: true,
    script: course => `${node(course, 'peel.js')} ${reference(course)} "$PWD" again`,
  },
  {
    id: 'watched',
    name: 'Peel, with a look at how long its main thread is blocked',
    checks: '',
    stage: true,
    script: course => `${node(course, 'peel.js')} ${reference(course)} "$PWD" watched`,
  },
  {
    id: 'starts',
    name: 'The bare start of skopeo and umoci (`--version`)',
    checks: '',
    stage: true,
    script: () => 'skopeo --version > /dev/null; umoci --version > /dev/null',
  },
];

function reference({ host, image }: Course): string {
  return `${host}/${image.name}:${image.compression}`;
}

function url({ host, image, caFile }: Course, layer: BenchLayer): string {
  return `${caFile === undefined ? 'http' : `--cacert ${caFile} https`}://${host}/v2/${image.name}/blobs/${layer.digest}`;
}

function files(image: BenchImage): string {
  return image.layers.map(layer => layer.file).join(' ');
}

function node({ programs }: Course, program: string): string {
  return `${process.execPath} ${programs}/${program}`;
}

function tarOption({ image }: Course): string {
  return { gzip: '-z', zstd: '--zstd', none: '' }[image.compression];
}

function atOnce(course: Course, ...pipe: readonly string[]): string {
  const jobs = course.image.layers.map(
    (layer, at) => `mkdir l${at}; (cd l${at}; curl -sSf ${url(course, layer)} | ${pipe.join(' | ')}) & jobs+=($!)`,
  );
  return `jobs=()\n${jobs.join('\n')}\nfor job in "\${jobs[@]}"; do wait "$job"; done`;
}

/** These tools remember blobs in a system file, and would otherwise fetch others than requested. */
function withoutMemory(script: string): string {
  const cache = '/var/lib/containers/cache';
  return `mkdir -p ${cache}; exec unshare --mount --propagation private bash -euc 'mount -t tmpfs none ${cache}; ${script}'`;
}
