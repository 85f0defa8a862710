import { asStrings, isObject, type JsonObject } from '../../oci/json.ts';
import { tagDetail, type TagDetail } from './tagDetail.ts';

/**
 * Reads what Google's registries add to `tags/list` (gcr.io, pkg.dev, and registry.k8s.io, which
 * redirects there): each manifest's tags, size and dates. Undefined for other registries' answers.
 */
export function googleTags({ manifest }: JsonObject): readonly TagDetail[] | undefined {
  if (!isObject(manifest)) return undefined;
  return Object.entries(manifest).flatMap(([digest, facts]) => {
    if (!isObject(facts)) return [];
    const { imageSizeBytes: size, tag, timeUploadedMs: uploaded, timeCreatedMs, timeCreatedms } = facts;
    const created = milliseconds(timeCreatedMs ?? timeCreatedms);
    return asStrings(tag).map(name => tagDetail(name, { digest, size, pushed: milliseconds(uploaded), created }));
  });
}

/** Returns the full names of the repositories one level below, if the registry is Google's. */
export function googleChildren({ child }: JsonObject, repository: string): readonly string[] | undefined {
  if (!Array.isArray(child)) return undefined;
  return asStrings(child).map(name => (repository === '' ? name : `${repository}/${name}`));
}

function milliseconds(text: unknown): number | undefined {
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
