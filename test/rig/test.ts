import process from 'node:process';
import { runHostSuite } from '../host/runner.ts';
import { runUiSuite } from '../ui/runner.ts';
import { ensureEditor, type EditorName } from './editor.ts';
import { runNodeTests } from './nodeTest.ts';
import { setup } from './setup.ts';
import { broken, type Counts } from './suite.ts';
import type { Suite } from './tools.ts';

const allSuites: readonly Suite[] = ['unit', 'host', 'ui'];

/**
 * Reads `[unit|host|ui|floor]... [FILTER]`. Without a suite, all run. `floor` runs host and UI
 * tests on the oldest supported editor.
 */
function readArguments(args: readonly string[]): {
  suites: readonly Suite[];
  editor: EditorName;
  filter: string | undefined;
} {
  const suites = allSuites.filter(suite => args.includes(suite));
  const floor = args.includes('floor');
  const filter = args.find(arg => arg !== 'floor' && !allSuites.some(suite => suite === arg));
  const chosen = suites.length > 0 ? suites : allSuites.filter(suite => !floor || suite !== 'unit');
  return { suites: chosen, editor: floor ? 'floor' : 'newest', filter };
}

async function runSuite(suite: Suite, editor: EditorName, filter: string | undefined): Promise<Counts> {
  if (suite === 'unit') {
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

async function main(): Promise<boolean> {
  const { suites, editor, filter } = readArguments(process.argv.slice(2));
  const ci = process.env.CI === 'true';
  const reasons = await setup(suites);
  let total: Counts = { passed: 0, failed: 0, skipped: 0 };
  const lines: string[] = [];
  for (const suite of suites) {
    console.log(`\n=== ${suite}`);
    const reason = reasons.get(suite);
    const started = Date.now();
    const counts =
      reason === undefined || suite === 'unit'
        ? await guarded(suite, () => runSuite(suite, editor, filter))
        : skippedSuite(ci);
    const why = reason === undefined ? '' : `: ${reason}`;
    lines.push(
      `${suite}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped in ${Math.round((Date.now() - started) / 1000)} s${why}`,
    );
    total = {
      passed: total.passed + counts.passed,
      failed: total.failed + counts.failed,
      skipped: total.skipped + counts.skipped,
    };
  }
  console.log(`\n${lines.join('\n')}`);
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

function skippedSuite(ci: boolean): Counts {
  return ci ? broken : { passed: 0, failed: 0, skipped: 1 };
}

process.exitCode = (await main()) ? 0 : 1;
