import { isObject, parseJsonObject, type JsonObject } from '../../oci/json.ts';
import type { ImageManifest } from '../../oci/manifest.ts';
import { describeProvenance, readProvenance, type Provenance } from '../../trust/provenance.ts';
import { readSbomPackages } from '../../trust/sbomPackages.ts';
import { parseStatement, UnusableStatementError, type Statement } from '../../trust/statement.ts';
import { plainText } from '../common/text.ts';
import type { ImageRowNeeds } from '../filesView/rowNeeds.ts';
import type { ImageAddress } from '../registries/imageAddress.ts';
import { InfoNode } from '../tree/infoNode.ts';
import { tooltip } from '../tree/tooltip.ts';
import type { TreeContext, TreeNode } from '../tree/treeNode.ts';
import { isJson } from './artifactFileNode.ts';
import { SbomNode } from './sbomNode.ts';

/** Longer documents open as files; nothing is shown of them here. */
const LONGEST = 16 << 20;
/** BuildKit writes a handful. */
const MOST = 10;

/**
 * Returns rows for what the statements of an attached artifact say: who built the image, and which
 * packages an SBOM declares. Nothing of it is verified here. A statement that can't be read has no
 * row; its file still opens.
 */
export async function statementRows(
  parent: TreeNode,
  context: TreeContext<ImageRowNeeds>,
  { reference }: ImageAddress,
  { layers }: ImageManifest,
  signal: AbortSignal,
): Promise<readonly TreeNode[]> {
  const telling = layers.filter(({ size, mediaType }) => size <= LONGEST && isJson(mediaType)).slice(0, MOST);
  if (telling.length === 0) return [];
  const client = await context.needs.registries.clientFor(reference.registry);
  const documents = await Promise.all(
    telling.map(layer => client.blobBytes(reference.repository, layer, LONGEST, signal)),
  );
  return documents.flatMap((bytes, at) => rowsOf(parent, bytes, at + 1));
}

function rowsOf(parent: TreeNode, bytes: Uint8Array, number: number): readonly TreeNode[] {
  const document = parseJsonObject(new TextDecoder().decode(bytes));
  if (!document) return [];
  const statement = statementIn(document, bytes);
  if (statement?.predicateType.includes('provenance') === true)
    return [provenanceRow(parent, readProvenance(statement))];
  const packages = readSbomPackages(statement ? { predicate: statement.predicate } : document);
  return packages ? [new SbomNode(parent, number, packages)] : [];
}

/** The statement in a document: bare, in an envelope, or in a bundle's envelope. */
function statementIn(document: JsonObject, bytes: Uint8Array): Statement | undefined {
  const envelope = isObject(document.dsseEnvelope) ? document.dsseEnvelope : document;
  const { payload, payloadType } = envelope;
  try {
    if (typeof payload !== 'string') return parseStatement(bytes);
    return parseStatement(Buffer.from(payload, 'base64'), String(payloadType));
  } catch (error) {
    if (error instanceof UnusableStatementError) return undefined;
    throw error;
  }
}

function provenanceRow(parent: TreeNode, provenance: Provenance): TreeNode {
  const { builder, source, workflow, commit, ref, started, invocation } = provenance;
  const text = plainText(describeProvenance(provenance), 300);
  return new InfoNode(parent, text, {
    icon: 'tools',
    description: 'as stated by the builder',
    tooltip: tooltip(text, [
      ['Builder', builder],
      ['Source', source],
      ['Workflow', workflow],
      ['Commit', commit],
      ['Ref', ref],
      ['Started', started],
      ['Run', invocation],
    ]),
  });
}
