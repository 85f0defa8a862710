import type { ConfigChanges } from '../../changes/newConfig.ts';
import { isObject, type JsonObject } from '../../oci/json.ts';
import { InvalidArgumentError } from '../common/argument.ts';

/** Returns the time of a commit in RFC 3339. @throws {InvalidArgumentError} */
export function checkedTime(field: string, given: string): string {
  if (!/^\d{4}-\d\d-\d\dT/.test(given) || Number.isNaN(Date.parse(given)))
    throw new InvalidArgumentError(field, 'a time such as 2026-01-31T12:00:00Z');
  return given;
}

/** Returns what a commit changes in the config. @throws {InvalidArgumentError} */
export function checkedConfig(field: string, value: JsonObject): ConfigChanges {
  const expected = 'an object with cmd, entrypoint, env, workingDir, user or labels';
  const { cmd, entrypoint, env, workingDir, user, labels, ...unknown } = value;
  if (Object.keys(unknown).length > 0) throw new InvalidArgumentError(field, expected);
  const list = (name: string, given: unknown): readonly string[] => {
    if (!Array.isArray(given)) throw new InvalidArgumentError(`${field}.${name}`, 'a list of strings');
    return given.map((item: unknown) => text(`${field}.${name}`, item));
  };
  if (labels !== undefined && !isObject(labels)) throw new InvalidArgumentError(`${field}.labels`, 'an object');
  const lines = env === undefined ? undefined : list('env', env);
  if (lines?.some(line => !/^[^=]+=/.test(line))) throw new InvalidArgumentError(`${field}.env`, 'NAME=value in each');
  return {
    ...(cmd === undefined ? {} : { cmd: list('cmd', cmd) }),
    ...(entrypoint === undefined ? {} : { entrypoint: list('entrypoint', entrypoint) }),
    ...(lines === undefined ? {} : { env: lines }),
    ...(workingDir === undefined ? {} : { workingDir: text(`${field}.workingDir`, workingDir) }),
    ...(user === undefined ? {} : { user: text(`${field}.user`, user) }),
    ...(labels === undefined
      ? {}
      : {
          labels: Object.fromEntries(
            Object.entries(labels).map(([name, label]) => [name, text(`${field}.labels`, label)] as const),
          ),
        }),
  };
}

function text(field: string, value: unknown): string {
  if (typeof value !== 'string') throw new InvalidArgumentError(field, 'a string');
  return value;
}
