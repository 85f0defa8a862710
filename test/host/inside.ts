import { appendFileSync, writeFileSync } from 'node:fs';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import Mocha from 'mocha';

const { EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING } = Mocha.Runner.constants;

/**
 * Runs the bundled specs inside the extension host; called by VS Code. Writes events to the report
 * file as they happen, and the results file last: without it, the run counts as failed.
 */
export async function run(): Promise<void> {
  const filter = env.PEEL_HOST_FILTER;
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, reporter: FileReporter, ...(filter ? { grep: filter } : {}) });
  // Specs import `describe` and `it` from mocha, which provides them once a root suite is
  // announced.
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  const specs = new URL('./specs.js', import.meta.url).href;
  await import(specs);
  const stats = await new Promise<Mocha.Stats | undefined>(resolve => {
    const runner = mocha.run(() => resolve(runner.stats));
  });
  if (stats === undefined) return;
  const counts = { passed: stats.passes, failed: stats.failures, skipped: stats.pending };
  writeFileSync(fileURLToPath(new URL('./results.json', import.meta.url)), JSON.stringify(counts));
}

/** Writes mocha's output to a file, because the extension host's stdout is not shown anywhere. */
class FileReporter extends Mocha.reporters.Base {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const say = (line: string) => appendFileSync(env.PEEL_HOST_REPORT ?? '', `${line}\n`);
    runner.on(EVENT_TEST_PASS, test => say(`✔ ${test.fullTitle()} (${test.duration ?? 0} ms)`));
    runner.on(EVENT_TEST_PENDING, test => say(`- ${test.fullTitle()} (skipped)`));
    runner.on(EVENT_TEST_FAIL, (test, error: Error) => say(`✖ ${test.fullTitle()}\n${error.stack ?? error.message}`));
  }
}
