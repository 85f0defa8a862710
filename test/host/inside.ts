import { appendFileSync, writeFileSync } from 'node:fs';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import Mocha from 'mocha';

const { EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING } = Mocha.Runner.constants;

/**
 * Runs the bundled specs inside the extension host; VS Code calls it. Says what happened in the report file as it happens, and writes the results file
 * last: without it nothing counts.
 */
export async function run(): Promise<void> {
  const filter = env.PEEL_HOST_FILTER;
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, reporter: FileReporter, ...(filter ? { grep: filter } : {}) });
  // Specs import `describe` and `it` from mocha, which hands them on once a root suite announces itself.
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

/** Writes to a file what others write to the terminal: stdout of the extension host is nobody's. */
class FileReporter extends Mocha.reporters.Base {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const say = (line: string) => appendFileSync(env.PEEL_HOST_REPORT ?? '', `${line}\n`);
    runner.on(EVENT_TEST_PASS, test => say(`✔ ${test.fullTitle()} (${test.duration ?? 0} ms)`));
    runner.on(EVENT_TEST_PENDING, test => say(`- ${test.fullTitle()} (skipped)`));
    runner.on(EVENT_TEST_FAIL, (test, error: Error) => say(`✖ ${test.fullTitle()}\n${error.stack ?? error.message}`));
  }
}
