import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createPrivateCa, type PrivateCa } from '../support/privateCa.ts';
import { startDockerRegistry, type DockerRegistry } from '../support/servers/dockerRegistry.ts';
import { run } from '../support/run.ts';
import { ways, type Contender, type Course } from './contenders.ts';
import { onFreshDisk } from './disk.ts';
import { benchImage, pushBenchImage, type BenchImage, type ImageName } from './images.ts';
import { startLink, type Link } from './link.ts';
import { busyProcessors, checkFiles, measure, median, type Sample } from './measure.ts';

const IMAGES: readonly ImageName[] = ['link-1', 'link-8', 'link-40', 'link-127'];
/** Images that take less than a minute over the slowest link. */
const SMALL: readonly ImageName[] = ['link-40', 'link-127'];

/** A link with the images pulled over it. */
interface Profile extends Link {
  readonly tls?: boolean;
  readonly images: readonly ImageName[];
}

function profile(name: string, roundTrip: number, bandwidth: number, more: Partial<Profile> = {}): Profile {
  return { name, roundTrip, bandwidth, perConnection: bandwidth, images: IMAGES, ...more };
}

const PROFILES: readonly Profile[] = [
  profile('LAN: 0.5 ms, 1 Gbit/s', 0.5, 1000),
  profile('20 ms, 1 Gbit/s', 20, 1000),
  profile('80 ms, 200 Mbit/s', 80, 200),
  profile('80 ms, 200 Mbit/s, TLS', 80, 200, { tls: true }),
  profile('200 ms, 100 Mbit/s', 200, 100),
  profile('60 ms, 40 Mbit/s per connection, 1 Gbit/s', 60, 1000, { perConnection: 40 }),
  profile('60 ms, 100 Mbit/s per connection, 1 Gbit/s', 60, 1000, { perConnection: 100 }),
  profile('40 ms, 10 Mbit/s', 40, 10, { images: SMALL }),
];

/** Connections that a polite client opens at most, for the floor. */
const POLITE = 8;
const CONTENDERS = ways.filter(({ id }) => ['peel', 'umoci', 'podman', 'parallel'].includes(id));

/** One contender's runs. */
interface Pulls {
  readonly contender: Contender;
  readonly samples: readonly (Sample & { readonly connections: number; readonly bytes: number })[];
}

/**
 * The least seconds for a pull: three round trips, which are the connection, the manifest and the
 * first answer with a layer, one more for TLS 1.3, and all bytes at the link's full rate.
 */
function floorOf(link: Profile, image: BenchImage): number {
  const bytes = image.layers.reduce((sum, { size }) => sum + size, 0);
  const megabits = Math.min(link.bandwidth, POLITE * link.perConnection);
  return ((link.tls ? 4 : 3) * link.roundTrip) / 1000 + (bytes * 8) / (megabits * 1e6);
}

/** Pulls over each link, and returns a table for each. */
export async function networkTables(
  programs: string,
  only: { readonly link: string; readonly image: string },
  rounds: number,
): Promise<string[]> {
  const profiles = PROFILES.filter(({ name }) => name.includes(only.link));
  const ca = createPrivateCa();
  const registries: DockerRegistry[] = [];
  const tables: string[] = [];
  try {
    for (const tls of new Set(profiles.map(link => link.tls === true))) {
      const registry = await startDockerRegistry(tls ? { tls: ca.issue() } : {});
      registries.push(registry);
      for (const name of IMAGES) await pushBenchImage(registry.url, await benchImage(name, 'gzip'), ca.cert);
      await run('sync', []);
      for (const link of profiles.filter(each => (each.tls === true) === tls)) {
        const images = link.images.filter(name => name.includes(only.image));
        const busy = await busyProcessors();
        const rows: string[] = [];
        for (const name of images) {
          const image = await benchImage(name, 'gzip');
          const course = { image, plain: image, programs, ...(tls ? { caFile: authorityFile(ca, programs) } : {}) };
          rows.push(...rowsOf(link, image, await pulls(link, course, registry.host, rounds)));
        }
        tables.push(table(link, rows, rounds, busy));
      }
    }
  } finally {
    for (const registry of registries) await registry.close();
    ca.close();
  }
  return tables;
}

/** Puts the authority's certificate into a folder of its own, as skopeo and podman want it. */
function authorityFile(ca: PrivateCa, programs: string): string {
  const file = join(programs, 'authority', 'ca.crt');
  mkdirSync(dirname(file), { recursive: true });
  copyFileSync(ca.certFile, file);
  return file;
}

async function pulls(link: Link, course: Omit<Course, 'host'>, host: string, rounds: number): Promise<Pulls[]> {
  const proxy = await startLink(link, host);
  const all = CONTENDERS.map(contender => ({ contender, samples: [] as Pulls['samples'][number][] }));
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const { contender, samples } of all) {
        const script = contender.script({ ...course, host: proxy.host }) ?? '';
        await proxy.count();
        const sample = await onFreshDisk(async folder => {
          const taken = await measure(script, folder);
          await checkFiles(folder, course.image.lastFile, contender.name);
          return taken;
        });
        const { connections, bytes } = await proxy.count();
        samples.push({ ...sample, connections, bytes });
        console.error(
          `${link.name}, ${course.image.name} ${round}/${rounds} ${contender.id}: ${sample.wall.toFixed(2)} s`,
        );
      }
    }
  } finally {
    await proxy.close();
  }
  return all;
}

function rowsOf(link: Profile, image: BenchImage, all: readonly Pulls[]): string[] {
  const floor = floorOf(link, image);
  return all.map(({ contender, samples }, at) => {
    const of = (pick: (sample: Pulls['samples'][number]) => number) => median(samples.map(pick));
    const wall = of(({ wall }) => wall);
    const cells = [
      at === 0 ? describe(image) : '',
      contender.name,
      wall.toFixed(2),
      (wall / floor).toFixed(2),
      of(({ connections }) => connections).toFixed(0),
      (of(({ bytes }) => bytes) / 1e6).toFixed(1),
      of(({ cpu }) => cpu).toFixed(2),
      (of(({ rss }) => rss) / 1e6).toFixed(0),
    ];
    return `| ${cells.join(' | ')} |`;
  });
}

function describe({ layers }: BenchImage): string {
  const bytes = layers.reduce((sum, { size }) => sum + size, 0);
  return `${layers.length} ${layers.length === 1 ? 'layer' : 'layers'}, ${(bytes / 1e6).toFixed(0)} MB`;
}

function table(link: Profile, rows: readonly string[], rounds: number, busy: number): string {
  return [
    `### Link: ${link.name}`,
    '',
    `Medians of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}.${busy > 0.2 ? ` The machine was busy with other work: ${busy.toFixed(1)} of its processors before the first.` : ''}`,
    '',
    '| image | way | s | times the floor | connections | MB sent | CPU s | peak MB |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
  ].join('\n');
}
