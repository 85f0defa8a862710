import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Html, html } from '../../../../src/vscode/page/html.ts';

test('escapes values in elements and attributes', () => {
  const evil = `"><script>alert('1')</script>&\``;
  const { text } = html`<a title="${evil}">${evil}</a>`;
  assert.match(text, /^<a title="[^"<>]*">[^<>]*<\/a>$/);
});

test('inserts HTML and lists of it unchanged, and nothing for absent values', () => {
  const { text } = html`${[html`<b>1</b>`, new Html('<i>2</i>')]}${undefined}${false}${0}`;
  assert.equal(text, '<b>1</b><i>2</i>0');
});
