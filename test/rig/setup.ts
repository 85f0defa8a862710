import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { ensureEditor } from './editor.ts';
import { ensureTools, howToGet, type Suite } from './tools.ts';

/**
 * Prepares what some suites need besides the project's own packages. Fast when everything is
 * installed.
 *
 * @returns for each suite that can't run here, the reason and the remedy
 */
export async function setup(suites: readonly Suite[]): Promise<Map<Suite, string>> {
  const reasons = new Map<Suite, string>();
  const missing = await ensureTools(suites);
  for (const suite of suites) {
    const lacking = missing.filter(tool => tool.for.includes(suite));
    if (lacking.length > 0) reasons.set(suite, howToGet(lacking));
  }
  const withEditor = suites.filter(suite => suite !== 'unit' && !reasons.has(suite));
  if (withEditor.length === 0) return reasons;
  try {
    await ensureEditor('newest');
  } catch (error) {
    for (const suite of withEditor) reasons.set(suite, error instanceof Error ? error.message : String(error));
  }
  return reasons;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const reasons = await setup(['unit', 'host', 'ui']);
  for (const [suite, reason] of reasons) console.error(`${suite}: ${reason}`);
  process.exitCode = reasons.size > 0 ? 1 : 0;
}
