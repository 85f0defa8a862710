import { asObjects, asString, isObject } from '../../oci/json.ts';
import { MOST_PAGES, type RegistryKind } from './registryKind.ts';
import { tagDetail, type TagDetail } from './tagDetail.ts';

/**
 * Quay (quay.io, Red Hat Quay): `/api/v1`, asked without an account. Its `_catalog` answers an
 * anonymous request with an empty list, which says nothing.
 */
export const quay: RegistryKind = {
  name: 'Quay',
  recognises: ({ host, realm }) =>
    host === 'quay.io' || (realm !== undefined && URL.canParse(realm) && new URL(realm).pathname === '/v2/auth'),

  async repositories(ask, origin, owner, signal) {
    if (owner === undefined) return undefined;
    const found: string[] = [];
    let next: string | undefined = '';
    for (let page = 0; next !== undefined && page < MOST_PAGES; page += 1) {
      const query = new URLSearchParams({ namespace: owner, public: 'true', ...(next ? { next_page: next } : {}) });
      const answer = await ask(`${origin}/api/v1/repository?${query.toString()}`, signal);
      if (!isObject(answer)) return page === 0 ? undefined : found;
      for (const { namespace, name } of asObjects(answer.repositories))
        found.push(`${String(namespace)}/${String(name)}`);
      next = asString(answer.next_page);
    }
    return found;
  },

  async tags(ask, origin, repository, signal) {
    const found: TagDetail[] = [];
    for (let page = 1, more = true; more && page <= MOST_PAGES; page += 1) {
      const path = repository.split('/').map(encodeURIComponent).join('/');
      const url = `${origin}/api/v1/repository/${path}/tag/?onlyActiveTags=true&limit=100&page=${page}`;
      const answer = await ask(url, signal);
      if (!isObject(answer) || !Array.isArray(answer.tags)) return page === 1 ? undefined : found;
      for (const { name, manifest_digest: digest, size, start_ts: start } of asObjects(answer.tags)) {
        if (typeof name !== 'string') continue;
        // Unix seconds.
        found.push(
          tagDetail(name, {
            digest,
            size,
            pushed: typeof start === 'number' ? start * 1000 : undefined,
            created: undefined,
          }),
        );
      }
      more = answer.has_additional === true;
    }
    return found;
  },
};
