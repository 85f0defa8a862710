import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Html, html } from '../../../../src/vscode/page/html.ts';

test('values become text, in elements and in attributes', () => {
  const evil = `"><script>alert('1')</script>&\``;
  const { text } = html`<a title="${evil}">${evil}</a>`;
  assert.match(text, /^<a title="[^"<>]*">[^<>]*<\/a>$/);
});

test('HTML and lists of it are put in as they are; nothing is put in for nothing', () => {
  const { text } = html`${[html`<b>1</b>`, new Html('<i>2</i>')]}${undefined}${false}${0}`;
  assert.equal(text, '<b>1</b><i>2</i>0');
});
