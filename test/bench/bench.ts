// Measures how long Peel takes from a reference to files on disk, compared with other tools and
// with the least possible time:
//
//   npm run bench                 everything; writes the tables of RESULTS.md
//   npm run bench -- --quick      two images, one round; writes nothing
//   npm run bench -- --only=debian-gzip,huge-gzip --rounds=5     writes these tables
//   npm run bench -- --only=host  the cost to the extension host of a real editor
//   npm run bench -- --only=network  pulls over slower links; --link=80 only those with that in
//                                 their names, --image=link-40 only that image
//
// All contenders for one image take turns in the same run, each on a fresh disk, with the same
// registry (Debian's docker-registry on loopback). Needs root.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { bundleOptions } from '../../esbuild.js';
import { outFolder, projectRoot } from '../rig/paths.ts';
import { ensureTools, howToGet } from '../rig/tools.ts';
import type { Compression } from '../support/compress.ts';
import { run } from '../support/run.ts';
import { startDockerRegistry } from '../support/servers/dockerRegistry.ts';
import { extras, floor, ways, type Contender, type Course } from './contenders.ts';
import { onFreshDisk } from './disk.ts';
import { hostTable } from './host.ts';
import { benchImage, pushBenchImage, type ImageName } from './images.ts';
import { busyProcessors, checkFiles, measure } from './measure.ts';
import { networkTables } from './network.ts';
import { caseTable, writeResults, type CaseResult, type Runs } from './report.ts';

interface Case {
  readonly image: ImageName;
  readonly compression: Compression;
  readonly rounds: number;
}

const cases: readonly Case[] = [
  { image: 'debian', compression: 'gzip', rounds: 3 },
  { image: 'debian', compression: 'zstd', rounds: 3 },
  { image: 'debian', compression: 'none', rounds: 3 },
  { image: 'small', compression: 'gzip', rounds: 5 },
  { image: 'huge', compression: 'gzip', rounds: 3 },
  { image: 'files', compression: 'gzip', rounds: 3 },
  { image: 'layers', compression: 'gzip', rounds: 3 },
];

/** The contenders, and related measurements of a case. */
function contendersOf({ image, compression }: Case): Contender[] {
  const extraIds = ['again'];
  if (image === 'small') extraIds.push('starts', 'warm');
  if (image === 'files') extraIds.push('open');
  if (image === 'debian' && compression === 'gzip') extraIds.push('watched');
  const stages = image === 'small' || image === 'layers' ? [] : floor;
  return [...ways, ...stages, ...extras.filter(({ id }) => extraIds.includes(id))];
}

/** The programs are bundled as they ship, so that no time goes into reading TypeScript. */
async function bundlePrograms(): Promise<string> {
  const outdir = join(outFolder, 'bench');
  rmSync(outdir, { recursive: true, force: true });
  await build({
    ...bundleOptions({ production: true, outdir }),
    entryPoints: {
      browse: 'test/bench/browse.ts',
      peel: 'test/bench/peel.ts',
      stages: 'test/bench/stages.ts',
      worker: 'src/workers/worker.ts',
    },
  });
  return outdir;
}

async function runCase(one: Case, rounds: number, course: Course): Promise<CaseResult> {
  const field = contendersOf(one).filter(contender => contender.script(course) !== undefined);
  const busy = await busyProcessors();
  const runs = new Map<string, Runs>(field.map(contender => [contender.id, { contender, samples: [] }]));
  for (let round = 1; round <= rounds; round++) {
    for (const contender of field) {
      const script = contender.script(course) ?? '';
      const sample = await onFreshDisk(async folder => {
        const taken = await measure(script, folder);
        if (!contender.stage) await checkFiles(folder, course.image.lastFile, contender.name);
        return taken;
      });
      runs.get(contender.id)?.samples.push(sample);
      console.error(
        `${course.image.name} ${course.image.compression} ${round}/${rounds} ${contender.id}: ${sample.wall.toFixed(2)} s`,
      );
    }
  }
  return { image: course.image, rounds, busy, runs };
}

interface Wanted {
  readonly chosen: readonly Case[];
  /** The extension host, too. */
  readonly host: boolean;
  /** Links, too: those whose name contains `link`, with images whose name contains `image`. */
  readonly network: { readonly link: string; readonly image: string } | undefined;
  readonly rounds: number | undefined;
  readonly write: boolean;
}

function readArguments(): Wanted {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      only: { type: 'string' },
      rounds: { type: 'string' },
      link: { type: 'string', default: '' },
      image: { type: 'string', default: '' },
    },
  });
  const wanted = values.only?.split(',') ?? (values.quick ? ['debian-gzip', 'small-gzip'] : undefined);
  const chosen = cases.filter(({ image, compression }) => wanted?.includes(`${image}-${compression}`) ?? true);
  const host = wanted?.includes('host') ?? true;
  const network = (wanted?.includes('network') ?? true) ? { link: values.link, image: values.image } : undefined;
  if (chosen.length === 0 && !host && !network) {
    const names = cases.map(({ image, compression }) => `${image}-${compression}`);
    throw new Error(`--only takes ${names.join(', ')}, host, network`);
  }
  const rounds = values.rounds === undefined ? (values.quick ? 1 : undefined) : Number(values.rounds);
  return { chosen, host, network, rounds, write: !values.quick };
}

async function main(): Promise<void> {
  const { chosen, host, network, rounds, write } = readArguments();
  if (process.getuid?.() !== 0) throw new Error('The bench mounts a fresh disk for every run: start it as root.');
  const missing = await ensureTools(host ? ['bench', 'host'] : ['bench']);
  if (missing.length > 0) throw new Error(howToGet(missing));
  const programs = await bundlePrograms();
  const registry = await startDockerRegistry();
  const tables: string[] = [];
  const add = (table: string) => {
    tables.push(table);
    console.log(`${table}\n`);
  };
  try {
    for (const one of chosen) {
      const image = await benchImage(one.image, one.compression);
      const plain = await benchImage(one.image, 'none');
      await pushBenchImage(registry.url, image);
      // Flushes what was pushed, so that it is not written during the first round.
      await run('sync', []);
      add(caseTable(await runCase(one, rounds ?? one.rounds, { image, plain, host: registry.host, programs })));
    }
    if (host) {
      await pushBenchImage(registry.url, await benchImage('debian', 'gzip'));
      await run('sync', []);
      add(await hostTable(`${registry.host}/debian:gzip`, rounds ?? 3));
    }
    if (network) for (const table of await networkTables(programs, network, rounds ?? 3)) add(table);
  } finally {
    await registry.close();
  }
  if (write) await writeResults(join(projectRoot, 'test', 'bench', 'RESULTS.md'), tables);
}

await main();
