import { readFile, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { runHostSuite } from '../host/runner.ts';
import { buildRealImageAhead } from '../support/realImage.ts';
import { runUiSuite } from '../ui/runner.ts';
import { ensureEditor, type EditorName } from './editor.ts';
import { runNodeTests } from './nodeTest.ts';
import { outFolder } from './paths.ts';
import { run } from './run.ts';
import { setup } from './setup.ts';
import { broken, readCountsLine, type Counts, writeCountsLine } from './suite.ts';
import { ensureTools, type Suite } from './tools.ts';

const allSuites: readonly Suite[] = ['unit', 'host', 'ui'];

/** What to run. */
interface Choice {
  readonly suites: readonly Suite[];
  readonly editor: EditorName;
  readonly filter: string | undefined;
}

/**
 * Reads `[unit|host|ui|floor]... [FILTER]`. Without a suite, all run. `floor` runs host and UI
 * tests on the oldest supported editor.
 */
function readArguments(args: readonly string[]): Choice {
  const suites = allSuites.filter(suite => args.includes(suite));
  const floor = args.includes('floor');
  const filter = args.find(arg => arg !== 'floor' && !allSuites.some(suite => suite === arg));
  const chosen = suites.length > 0 ? suites : allSuites.filter(suite => !floor || suite !== 'unit');
  return { suites: chosen, editor: floor ? 'floor' : 'newest', filter };
}

async function runSuite(suite: Suite, { editor, filter }: Choice): Promise<Counts> {
  if (suite === 'unit') {
    if (filter === undefined) buildRealImageAhead();
    return runNodeTests({
      name: 'unit',
      glob: 'test/unit/**/*.test.ts',
      filter,
      concurrency: 2,
      timeLimit: 20 * 60_000,
    });
  }
  const installed = await ensureEditor(editor);
  console.log(`On VS Code ${installed.version}`);
  return suite === 'host' ? runHostSuite(installed, filter) : runUiSuite(installed, filter);
}

/** Runs suites one after another. Returns a closing line for each. */
async function runInTurn(choice: Choice): Promise<string[]> {
  const reasons = await setup(choice.suites);
  const lines: string[] = [];
  for (const suite of choice.suites) {
    console.log(`\n=== ${suite}`);
    const reason = reasons.get(suite);
    const started = Date.now();
    const counts =
      reason === undefined || suite === 'unit' ? await guarded(suite, () => runSuite(suite, choice)) : skippedSuite();
    lines.push(writeCountsLine(suite, counts, Date.now() - started, reason));
  }
  return lines;
}

/**
 * Runs the unit tests and, at the same time, the suites with an editor in a second process. With
 * fewer than four processors they would only delay each other. Returns a closing line for each
 * suite.
 */
async function runSideBySide({ suites, editor, filter }: Choice): Promise<string[]> {
  // Before both processes look for missing tools: apt can't run twice at once.
  await ensureTools(suites);
  const others = suites.filter(suite => suite !== 'unit');
  const log = join(outFolder, 'editor-suites.log');
  await rm(log, { force: true });
  const args = [...others, ...(editor === 'floor' ? ['floor'] : []), ...(filter === undefined ? [] : [filter])];
  const running = run(process.execPath, [fileURLToPath(import.meta.url), ...args], { log });
  console.log(`The suites ${others.join(' and ')} run at the same time; their output follows (${log}).`);
  const lines = await runInTurn({ suites: ['unit'], editor, filter });
  await running;
  const output = await readFile(log, 'utf8').catch(() => '');
  console.log(output.trimEnd());
  const found = output.split('\n').filter(line => others.some(suite => line.startsWith(`${suite}: `)));
  const missing = others.filter(suite => !found.some(line => line.startsWith(`${suite}: `)));
  return [...lines, ...found, ...missing.map(suite => writeCountsLine(suite, broken, 0, 'its process crashed'))];
}

async function main(): Promise<boolean> {
  const choice = readArguments(process.argv.slice(2));
  const sideBySide = choice.suites.includes('unit') && choice.suites.length > 1 && availableParallelism() >= 4;
  const lines = await (sideBySide ? runSideBySide(choice) : runInTurn(choice));
  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const line of lines) {
    const counts = readCountsLine(line);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  console.log(`\n${lines.join('\n')}`);
  const ci = process.env.CI === 'true';
  if (ci && total.skipped > 0) console.log('With CI=true nothing may be skipped.');
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0 && total.passed > 0 && !(ci && total.skipped > 0);
}

async function guarded(suite: Suite, body: () => Promise<Counts>): Promise<Counts> {
  try {
    return await body();
  } catch (error) {
    console.log(`✖ The ${suite} suite did not run:`, error);
    return broken;
  }
}

function skippedSuite(): Counts {
  return process.env.CI === 'true' ? broken : { passed: 0, failed: 0, skipped: 1 };
}

process.exitCode = (await main()) ? 0 : 1;
