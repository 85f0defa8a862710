import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInHost } from '../host/runner.ts';
import { ensureEditor } from '../rig/editor.ts';
import { onFreshDisk } from './disk.ts';
import type { Delay, HostFigures } from './hostSpec.ts';
import { median } from './measure.ts';

/**
 * Measures `rounds` times what Peel costs a real extension host, with a new editor each time.
 * `reference` names an image in a registry. @returns Markdown
 */
export async function hostTable(reference: string, rounds: number): Promise<string> {
  const runs: HostFigures[] = [];
  for (let round = 1; round <= rounds; round++) {
    runs.push(await hostRun(reference));
    console.error(`extension host ${round}/${rounds}`);
  }
  const of = (pick: (figures: HostFigures) => number, digits = 0) => median(runs.map(pick)).toFixed(digits);
  const row = (what: string, pick: (figures: HostFigures) => Delay) =>
    `| ${what} | ${of(figures => pick(figures).longest)} | ${of(figures => pick(figures).most, 1)} | ${of(figures => pick(figures).work)} |`;
  return [
    '### In the extension host',
    '',
    `How long a real editor’s extension host was kept from its events (\`monitorEventLoopDelay\`), with the Debian-like image as gzip; and its longest uninterrupted work, without waiting for a processor, because the editor’s server, the browser and the registry share the same two. Medians of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}.`,
    '',
    '| during | longest, ms | 99 %, ms | longest work, ms |',
    '| --- | ---: | ---: | ---: |',
    row('no activity', figures => figures.idle),
    row('a pull of the image', figures => figures.pull),
    row('the first listing of all its files', figures => figures.index),
    '',
    `Activation, including reading its files: ${of(figures => figures.own)} ms of its own, ${of(figures => figures.activation)} ms including what the editor loads for it meanwhile. A pull takes ${of(figures => figures.pull.took)} ms there, the first listing ${of(figures => figures.index.took)} ms; listing all files again takes ${of(figures => figures.list)} ms, including the request that resolves the tag.`,
  ].join('\n');
}

/** Its folders are on a fresh disk, like those of every other contender. */
async function hostRun(reference: string): Promise<HostFigures> {
  const editor = await ensureEditor('newest');
  return onFreshDisk(async place => {
    const figures = join(place, 'figures.json');
    const env = { PEEL_BENCH_REFERENCE: reference, PEEL_BENCH_FIGURES: figures };
    const { passed } = await runInHost(editor, { specs: 'test/bench/hostSpec.ts', env, place });
    if (passed !== 1) throw new Error('The extension host was not measured; its report stands above.');
    return JSON.parse(readFileSync(figures, 'utf8')) as HostFigures;
  });
}
