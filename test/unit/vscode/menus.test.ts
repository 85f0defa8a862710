import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isObject } from '../../../src/oci/json.ts';

test('menus use only commands that package.json declares', () => {
  const json: unknown = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  assert.ok(isObject(json) && isObject(json.contributes));
  const { commands, menus } = json.contributes;
  const named = new Set(JSON.stringify(commands).match(/"command":"[^"]+"/g));
  const used = JSON.stringify(menus).match(/"command":"[^"]+"/g) ?? [];
  assert.ok(used.length > 10);
  for (const entry of used) assert.ok(named.has(entry), entry);
});
