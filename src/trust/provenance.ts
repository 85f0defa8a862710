import { asObjects, asString, isObject, type JsonObject } from '../oci/json.ts';
import type { Statement } from './statement.ts';

/**
 * What a provenance says about a build. All of it is the builder's word, as far as the statement's
 * signature vouches for it.
 */
export interface Provenance {
  /** The builder's id, usually a URL. */
  readonly builder?: string;
  /** The path of a workflow in its repository. */
  readonly workflow?: string;
  /** Where the source came from, without its revision. */
  readonly source?: string;
  /** A commit's hash. */
  readonly commit?: string;
  /** A branch or tag. */
  readonly ref?: string;
  /** When the build started, as stated. */
  readonly started?: string;
  readonly invocation?: string;
}

/**
 * Reads what a provenance says (SLSA provenance v0.2 and v1, as GitHub, BuildKit and others write
 * it).
 */
export function readProvenance({ predicate, predicateType }: Statement): Provenance {
  return withoutGaps(/\/v0\.\d+$/.test(predicateType) ? ofVersion02(predicate) : ofVersion1(predicate));
}

/** One line about a build: `Built by workflow release.yml of github.com/o/r at commit 0123456`. */
export function describeProvenance({ builder, workflow, source, commit, ref }: Provenance): string {
  const from = source === undefined ? '' : withoutScheme(source);
  const by =
    workflow !== undefined
      ? `workflow ${workflow}${from && ` of ${from}`}`
      : `${withoutScheme(builder ?? 'an unnamed builder')}${from && ` from ${from}`}`;
  const at = commit !== undefined ? ` at commit ${commit.slice(0, 12)}` : ref !== undefined ? ` at ${ref}` : '';
  return `Built by ${by}${at}`;
}

type Parts = { readonly [name in keyof Provenance]: string | undefined };

function withoutGaps(parts: Parts): Provenance {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
}

function ofVersion02(predicate: JsonObject): Parts {
  const invocation = member(predicate, 'invocation');
  const metadata = member(predicate, 'metadata');
  const config = member(invocation, 'configSource');
  const entryPoint = asString(config.entryPoint);
  const { source, ref } = splitUri(asString(config.uri));
  const digest = member(config, 'digest');
  return {
    builder: asString(member(predicate, 'builder').id),
    workflow: entryPoint?.includes('.github/workflows/') === true ? entryPoint : undefined,
    source,
    commit: asString(digest.sha1) ?? asString(digest.gitCommit),
    ref,
    started: asString(metadata.buildStartedOn),
    invocation: asString(metadata.buildInvocationID) ?? asString(metadata.buildInvocationId),
  };
}

function ofVersion1(predicate: JsonObject): Parts {
  const definition = member(predicate, 'buildDefinition');
  const details = member(predicate, 'runDetails');
  const metadata = member(details, 'metadata');
  const parameters = member(definition, 'externalParameters');
  const workflow = member(parameters, 'workflow');
  const config = member(parameters, 'configSource');
  const dependencies = asObjects(definition.resolvedDependencies);
  const { source, ref } = splitUri(asString(config.uri));
  // BuildKit's client adds facts of version control, which nothing checks.
  const vcs = member(member(metadata, 'buildkit_metadata'), 'vcs');
  const commits = [member(config, 'digest'), ...dependencies.map(item => member(item, 'digest'))];
  const commit = commits.map(digest => asString(digest.gitCommit) ?? asString(digest.sha1)).find(Boolean);
  return {
    builder: asString(member(details, 'builder').id),
    workflow: asString(workflow.path),
    source: asString(workflow.repository) ?? source ?? asString(vcs.source),
    commit: commit ?? asString(vcs.revision),
    ref: asString(workflow.ref) ?? ref,
    started: asString(metadata.startedOn),
    invocation: asString(metadata.invocationId) ?? asString(metadata.invocationID),
  };
}

function member(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isObject(value) ? value : {};
}

/** `git+https://host/repo@refs/heads/main` -> the repository and its ref. */
function splitUri(uri: string | undefined): { readonly source?: string; readonly ref?: string } {
  if (uri === undefined) return {};
  const [, source = uri, ref] = /^(?:git\+)?(.+?)(?:[@#](refs\/[^@#]+|[^@#/]+))?$/.exec(uri.slice(0, 2000)) ?? [];
  return { source, ...(ref === undefined ? {} : { ref }) };
}

function withoutScheme(text: string): string {
  return text.replace(/^(?:git\+)?https?:\/\//, '').replace(/\.git$/, '');
}
