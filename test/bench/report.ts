import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, release } from 'node:os';
import { format } from 'prettier';
import type { Opening } from './browse.ts';
import { floor, ways, type Contender } from './contenders.ts';
import { whereDisksLie } from './disk.ts';
import { describeImage, type BenchImage } from './images.ts';
import { median, type Sample } from './measure.ts';
import type { PullReport } from './peelPulls.ts';

/** Everything one contender did with one image. */
export interface Runs {
  readonly contender: Contender;
  readonly samples: Sample[];
}

export interface CaseResult {
  readonly image: BenchImage;
  readonly rounds: number;
  /** Processors busy with other work before the first round. */
  readonly busy: number;
  /** By the contender's id, in run order. */
  readonly runs: ReadonlyMap<string, Runs>;
}

const BEGIN = '<!-- figures: written by `npm run bench` -->';
const END = '<!-- end of figures -->';

/**
 * Returns one image's Markdown: the contenders with their ratios to Peel, the stages, and Peel's
 * other measurements.
 */
export function caseTable(result: CaseResult): string {
  const { image, rounds, runs, busy } = result;
  const own = runs.get('peel')?.samples ?? [];
  const base = median(own.map(sample => sample.wall));
  const lines = [
    `### ${image.name}, ${image.compression}`,
    '',
    `${describeImage(image)}. Medians of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}.${busy > 0.2 ? ` The machine was busy with other work: ${busy.toFixed(1)} of its processors before the first.` : ''}`,
    '',
    '| way | s | times Peel’s | CPU s | peak MB | verifies |',
    '| --- | ---: | ---: | ---: | ---: | --- |',
    ...[...runs.values()]
      .filter(({ contender }) => ways.includes(contender))
      .map(({ contender, samples }) => row(contender, samples, base)),
    '',
  ];
  const stages = [...runs.values()].filter(({ contender }) => floor.includes(contender));
  if (stages.length > 0) lines.push(...stageLines(stages, result, base), '');
  const starts = startLine(runs);
  if (starts !== undefined) lines.push(starts, '');
  const opening = openLine(runs.get('open')?.samples ?? []);
  if (opening !== undefined) lines.push(opening, '');
  const extra = (id: string) => reportsOf(runs.get(id)?.samples ?? []);
  lines.push(ownFigures(reportsOf(own), extra('again'), extra('watched')));
  return lines.join('\n');
}

function row({ name, checks }: Contender, samples: readonly Sample[], base: number): string {
  const of = (pick: (sample: Sample) => number) => median(samples.map(pick));
  const wall = of(sample => sample.wall);
  const figures = [
    wall.toFixed(2),
    (wall / base).toFixed(2),
    of(sample => sample.cpu).toFixed(2),
    (of(sample => sample.rss) / 1e6).toFixed(0),
  ];
  return `| ${name} | ${figures.join(' | ')} | ${checks} |`;
}

function stageLines(stages: readonly Runs[], { image }: CaseResult, base: number): string[] {
  const tar = image.layers.reduce((sum, layer) => sum + layer.tarSize, 0);
  const seconds = ({ contender, samples }: Runs): number =>
    contender.id.startsWith('inflate-') || ['hash', 'inflate+hash', 'list', 'index'].includes(contender.id)
      ? median(samples.map(sample => (JSON.parse(sample.output) as { took: number }).took / 1000))
      : median(samples.map(sample => sample.cpu));
  const needed = stages.filter(({ contender }) => ['bytes', 'inflate', 'hash', 'inodes'].includes(contender.id));
  const sum = needed.reduce((total, stage) => total + seconds(stage), 0);
  const cores = availableParallelism();
  return [
    '| stage | CPU s | MB/s of tar |',
    '| --- | ---: | ---: |',
    ...stages.map(
      stage =>
        `| ${stage.contender.name} | ${seconds(stage).toFixed(2)} | ${(tar / 1e6 / seconds(stage)).toFixed(0)} |`,
    ),
    '',
    `CPU floor (the first ${needed.length} stages on ${cores} cores, without the registry’s own work): ${(sum / cores).toFixed(2)} s; Peel takes ${((base * cores) / sum).toFixed(2)} times as long.`,
  ];
}

/** The contenders shown if most of the time goes into starting processes and threads. */
function startLine(runs: CaseResult['runs']): string | undefined {
  const [warm, starts, umoci] = ['warm', 'starts', 'umoci'].map(id => runs.get(id)?.samples ?? []);
  if (!warm?.length || !starts?.length || !umoci?.length) return undefined;
  const wall = (samples: readonly Sample[]) => median(samples.map(sample => sample.wall)) * 1000;
  const second = median(warm.map(sample => (JSON.parse(sample.output) as PullReport).warm ?? NaN));
  return `Without start-up costs: Peel ${second.toFixed(0)} ms (into an empty cache, with running threads and open connections, as from an editor’s second pull on); \`skopeo copy\` + \`umoci unpack\` ${(wall(umoci) - wall(starts)).toFixed(0)} ms (without the ${wall(starts).toFixed(0)} ms that \`--version\` of both takes).`;
}

function openLine(samples: readonly Sample[]): string | undefined {
  if (samples.length === 0) return undefined;
  const openings = samples.map(sample => JSON.parse(sample.output) as Opening);
  const of = (pick: (opening: Opening) => number) => median(openings.map(pick));
  return `Opening this layer again in a new process, until its root and one of its folders can be shown with all attributes: ${of(({ open }) => open).toFixed(0)} ms; the slowest keystroke while finding among its ${of(({ files }) => files).toLocaleString('en')} files and links: ${of(({ key }) => key).toFixed(0)} ms.`;
}

function reportsOf(samples: readonly Sample[]): PullReport[] {
  return samples.map(({ output }) => JSON.parse(output) as PullReport);
}

function ownFigures(
  own: readonly PullReport[],
  repeated: readonly PullReport[],
  watched: readonly PullReport[],
): string {
  const pull = median(own.map(report => report.pull)).toFixed(0);
  const again = median(repeated.map(report => report.again ?? NaN)).toFixed(1);
  const blocked = median(watched.map(report => report.blocked ?? NaN)).toFixed(0);
  const longest = watched.length > 0 ? `; its main thread was blocked for ${blocked} ms at most` : '';
  return `Peel without the start of Node: ${pull} ms; a second pull: ${again} ms${longest}.`;
}

/**
 * Replaces the tables under headings of the same name, and leaves everything else in the file:
 * other tables, and text.
 */
export async function writeResults(file: string, tables: readonly string[]): Promise<void> {
  const [head = '', rest = ''] = (await readFile(file, 'utf8')).split(BEGIN);
  const [figures = '', tail] = rest.split(END);
  if (tail === undefined) throw new Error(`${file} has no place for the figures: ${BEGIN} … ${END}`);
  const sections = new Map(
    [...figures.split(/^(?=### )/m).filter(text => text.startsWith('### ')), ...tables].map(text => [
      text.slice(0, text.indexOf('\n')),
      text.trim(),
    ]),
  );
  const where = whereDisksLie() === '/dev/shm' ? 'memory' : 'a file on disk';
  const machine = `Machine: ${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}, Linux ${release()}, Node ${process.version}; a fresh ext4 in ${where} for each run.`;
  const text = [`${head}${BEGIN}`, machine, ...sections.values(), `${END}${tail}`].join('\n\n');
  await writeFile(file, await format(text, { parser: 'markdown', printWidth: 120 }));
}
