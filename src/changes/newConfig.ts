import type { Digest } from '../oci/digest.ts';
import { asStrings, isObject, type JsonObject } from '../oci/json.ts';

/** What to change in an image's config; absent members stay as they are (image-spec, config.md). */
export interface ConfigChanges {
  readonly cmd?: readonly string[];
  /** Also clears the command, as in a Dockerfile, unless one is given. */
  readonly entrypoint?: readonly string[];
  /** `NAME=value`, each replacing the one of its name. */
  readonly env?: readonly string[];
  readonly workingDir?: string;
  readonly user?: string;
  /** Added to the labels, or replacing them by name. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface NewHistory {
  /** RFC 3339. */
  readonly created: string;
  readonly comment?: string;
  readonly author?: string;
  /** Of the new layer; absent if only the config changes. */
  readonly diffId?: Digest;
}

/** Members of Docker's configs that describe the container it once committed. */
const OF_A_CONTAINER = new Set(['container', 'container_config', 'id', 'parent']);

/** Returns the config of an image with a new layer. Unknown members stay. */
export function newConfig(base: JsonObject, history: NewHistory, changes: ConfigChanges = {}): JsonObject {
  const { created, comment, author, diffId } = history;
  const kept = Object.fromEntries(Object.entries(base).filter(([name]) => !OF_A_CONTAINER.has(name)));
  const rootfs = isObject(base.rootfs) ? base.rootfs : { type: 'layers' };
  const entry = {
    created,
    created_by: 'peel commit',
    ...(author === undefined ? {} : { author }),
    ...(comment === undefined ? {} : { comment }),
    ...(diffId === undefined ? { empty_layer: true } : {}),
  };
  return {
    ...kept,
    created,
    ...(author === undefined ? {} : { author }),
    config: newRunConfig(isObject(base.config) ? base.config : {}, changes),
    rootfs: { ...rootfs, diff_ids: [...asStrings(rootfs.diff_ids), ...(diffId === undefined ? [] : [diffId])] },
    history: newHistory(base, entry),
  };
}

/** A base without a history stays without one, since entries and layers must match in number. */
function newHistory(base: JsonObject, entry: JsonObject): unknown {
  const before: readonly unknown[] = Array.isArray(base.history) ? base.history : [];
  const hasLayers = isObject(base.rootfs) && asStrings(base.rootfs.diff_ids).length > 0;
  return before.length === 0 && hasLayers ? base.history : [...before, entry];
}

function newRunConfig(base: JsonObject, changes: ConfigChanges): JsonObject {
  const { cmd, entrypoint, env, workingDir, user, labels } = changes;
  const kept = Object.fromEntries(
    Object.entries(base).filter(([name]) => name !== 'Cmd' || entrypoint === undefined || cmd !== undefined),
  );
  return {
    ...kept,
    ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
    ...(cmd === undefined ? {} : { Cmd: cmd }),
    ...(env === undefined ? {} : { Env: mergedEnv(asStrings(base.Env), env) }),
    ...(workingDir === undefined ? {} : { WorkingDir: workingDir }),
    ...(user === undefined ? {} : { User: user }),
    ...(labels === undefined ? {} : { Labels: { ...(isObject(base.Labels) ? base.Labels : {}), ...labels } }),
  };
}

function mergedEnv(before: readonly string[], changes: readonly string[]): string[] {
  const named = (line: string): string => line.slice(0, line.indexOf('='));
  const replaced = new Map(changes.map(line => [named(line), line]));
  const merged = before.map(line => {
    const replacement = replaced.get(named(line));
    replaced.delete(named(line));
    return replacement ?? line;
  });
  return [...merged, ...replaced.values()];
}
