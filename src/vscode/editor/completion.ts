import * as vscode from 'vscode';
import { typedName, type TypedName } from '../../imageNames/typedName.ts';
import { DOCKER_HUB, familiarRepository, parseWrittenReference, type Reference } from '../../oci/reference.ts';
import { sortTags } from '../../registry/api/sortTags.ts';
import { withSignal } from '../common/cancellation.ts';
import { plainText } from '../common/text.ts';
import type { EditorParts } from './editorParts.ts';
import { describeFacts, HoverText } from './hoverText.ts';
import { kindOf } from './kindOf.ts';
import { rangeOf } from './namesIn.ts';

/** A proposed tag, whose details are asked for when it is looked at. */
export class TagItem extends vscode.CompletionItem {
  readonly reference: Reference;

  /** @param at its place in the sorted list */
  constructor(reference: Reference, tag: string, range: vscode.Range, at: number) {
    super(tag, vscode.CompletionItemKind.Value);
    this.reference = reference;
    this.range = range;
    this.sortText = String(at).padStart(6, '0');
  }
}

/** More than anyone looks through; typing narrows them. */
const MOST_TAGS = 2000;
const MOST_REPOSITORIES = 200;
/** Docker's own extension completes tags of Docker Hub in Dockerfiles. */
const DOCKER_EXTENSION = 'docker.docker';

/** Proposes repositories, or tags after a colon. Returns `undefined` where no name is typed. */
export async function completions(
  parts: EditorParts,
  document: vscode.TextDocument,
  position: vscode.Position,
  token: vscode.CancellationToken,
): Promise<vscode.CompletionList | undefined> {
  const kind = kindOf(document);
  if (kind === undefined) return undefined;
  const typed = typedName(kind, document.getText(), parts.names.all(document), document.offsetAt(position));
  if (!typed || typed.typed.includes('@')) return undefined;
  const colon = typed.repository === undefined ? tagColon(typed.typed) : -1;
  try {
    return await withSignal(token, signal =>
      typed.repository !== undefined || colon >= 0
        ? tagList(parts, document, typed, colon, signal)
        : repositoryList(parts, document, typed, signal),
    );
  } catch {
    // Nothing is proposed where a registry fails. The hover says why.
    return undefined;
  }
}

/** Adds what the registry says about a tag. */
export async function resolveCompletion(
  { answers, askPolicy }: EditorParts,
  item: vscode.CompletionItem,
  token: vscode.CancellationToken,
): Promise<vscode.CompletionItem> {
  if (!(item instanceof TagItem) || askPolicy.accessToRegistry(item.reference, true) !== 'ask') return item;
  const { reference } = item;
  const facts = await withSignal(token, signal => answers.facts(reference, undefined, signal)).catch(() => undefined);
  if (facts) item.documentation = describeFacts(new HoverText(), reference, facts, Date.now()).end();
  return item;
}

async function tagList(
  { answers, askPolicy }: EditorParts,
  document: vscode.TextDocument,
  { typed, span, repository }: TypedName,
  colon: number,
  signal: AbortSignal,
): Promise<vscode.CompletionList | undefined> {
  const reference = tryParse(repository ?? typed.slice(0, colon));
  if (!reference || askPolicy.accessToRegistry(reference, true) !== 'ask') return undefined;
  if (isDockersOwn(document, reference)) return undefined;
  const { tags, complete } = await answers.tags(reference, signal);
  const range = rangeOf(document, { start: span.start + colon + 1, end: endOfTag(document, span) });
  const items = sortTags(tags)
    .slice(0, MOST_TAGS)
    .map((tag, at) => {
      const { registry, repository: path } = reference;
      return new TagItem({ registry, repository: path, tag }, tag, range, at);
    });
  return new vscode.CompletionList(items, !complete);
}

/** What stands before a digest, which stays. */
function endOfTag(document: vscode.TextDocument, { start, end }: TypedName['span']): number {
  const at = document.getText().slice(start, end).indexOf('@');
  return at < 0 ? end : start + at;
}

async function repositoryList(
  { askPolicy, registries, configuration }: EditorParts,
  document: vscode.TextDocument,
  { typed, span }: TypedName,
  signal: AbortSignal,
): Promise<vscode.CompletionList | undefined> {
  const slash = typed.indexOf('/');
  const host = slash > 0 && /[.:]|^localhost$/.test(typed.slice(0, slash)) ? typed.slice(0, slash) : DOCKER_HUB;
  const names = new Set(registries.pinned(host).map(repository => familiarRepository({ registry: host, repository })));
  if (askPolicy.accessToRegistry({ registry: host }, true) === 'ask') {
    const listed = host === DOCKER_HUB ? searchHub : listCatalog;
    if (host !== DOCKER_HUB || !isDockersOwn(document, { registry: host }))
      for (const repository of await listed(registries, host, typed, signal))
        names.add(familiarRepository({ registry: host, repository }));
  }
  const hosts = slash < 0 ? configuration.userRegistries().filter(name => name !== DOCKER_HUB) : [];
  if (names.size + hosts.length === 0) return undefined;
  const range = rangeOf(document, { start: span.start, end: endOfName(document, span) });
  const items = [...[...names].slice(0, MOST_REPOSITORIES), ...hosts.map(name => `${name}/`)].map((name, at) => {
    const item = new vscode.CompletionItem(plainText(name, 255), vscode.CompletionItemKind.Module);
    item.range = range;
    item.sortText = String(at).padStart(6, '0');
    return item;
  });
  return new vscode.CompletionList(items, true);
}

type ListRepositories = (
  registries: EditorParts['registries'],
  host: string,
  typed: string,
  signal: AbortSignal,
) => Promise<readonly string[]>;

/** From two characters on: fewer find too much. */
const searchHub: ListRepositories = async (registries, _host, typed, signal) =>
  typed.length < 2 ? [] : (await registries.searchHub(typed, signal)).map(({ repository }) => repository);

const listCatalog: ListRepositories = async (registries, host, _typed, signal) =>
  (await (await registries.clientFor(host)).catalog({}, signal)).items;

/** A name's text without its tag and digest. */
function endOfName(document: vscode.TextDocument, span: TypedName['span']): number {
  const text = document.getText().slice(span.start, endOfTag(document, span));
  const colon = tagColon(text);
  return span.start + (colon < 0 ? text.length : colon);
}

function tagColon(text: string): number {
  return text.indexOf(':', text.lastIndexOf('/') + 1);
}

function isDockersOwn({ languageId }: vscode.TextDocument, { registry }: Pick<Reference, 'registry'>): boolean {
  return (
    registry === DOCKER_HUB &&
    languageId === 'dockerfile' &&
    vscode.extensions.getExtension(DOCKER_EXTENSION) !== undefined
  );
}

function tryParse(text: string): Reference | undefined {
  try {
    return parseWrittenReference(text);
  } catch {
    return undefined;
  }
}
