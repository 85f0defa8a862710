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
    '### in the extension host',
    '',
    `How long the extension host of a real editor was kept from its events (\`monitorEventLoopDelay\`), with the Debian-like image as gzip; and the most that it worked at a stretch, without what it waited for a processor, since the editor’s server, the browser and the registry are on the same two. Medians of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}.`,
    '',
    '| while | longest, ms | 99 %, ms | at work at most, ms |',
    '| --- | ---: | ---: | ---: |',
    row('nobody does anything', figures => figures.idle),
    row('the image is pulled', figures => figures.pull),
    row('all its layers are gone through for their files', figures => figures.index),
    '',
    `Activation, with the reading of its files: ${of(figures => figures.own)} ms of its own, and with what the editor fetches for it meanwhile ${of(figures => figures.activation)} ms. A pull takes ${of(figures => figures.pull.took)} ms there, the first listing ${of(figures => figures.index.took)} ms; listing all files again takes ${of(figures => figures.list)} ms, the question to the registry what the tag means included.`,
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
