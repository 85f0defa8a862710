import { asObjects, asString, isObject } from '../../oci/json.ts';
import { MOST_PAGES, type RegistryKind } from './registryKind.ts';
import { tagDetail, type TagDetail } from './tagDetail.ts';

/** The API of Docker Hub, on a host of its own; asked without an account. */
const API = 'https://hub.docker.com';

/** Docker Hub: its API lists an owner's repositories, and tags with dates and sizes. */
export const dockerHubKind: RegistryKind = {
  name: 'Docker Hub',
  recognises: ({ host }) => host === 'docker.io' || host === 'registry-1.docker.io',

  async repositories(ask, _origin, owner, signal) {
    if (owner === undefined) return undefined;
    const found: string[] = [];
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const answer = await ask(
        `${API}/v2/namespaces/${encodeURIComponent(owner)}/repositories?page=${page}&page_size=100`,
        signal,
      );
      if (!isObject(answer)) return page === 1 ? undefined : found;
      for (const { name } of asObjects(answer.results)) if (typeof name === 'string') found.push(`${owner}/${name}`);
      if (asString(answer.next) === undefined) break;
    }
    return found;
  },

  async tags(ask, _origin, repository, signal) {
    const [owner = '', ...rest] = repository.split('/');
    const path = `${encodeURIComponent(owner)}/repositories/${encodeURIComponent(rest.join('/'))}`;
    const found: TagDetail[] = [];
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const answer = await ask(`${API}/v2/namespaces/${path}/tags?page=${page}&page_size=100`, signal);
      if (!isObject(answer) || !Array.isArray(answer.results)) return page === 1 ? undefined : found;
      for (const { name, digest, full_size: size, tag_last_pushed: pushed, last_updated: updated } of asObjects(
        answer.results,
      )) {
        if (typeof name === 'string')
          found.push(tagDetail(name, { digest, size, pushed: pushed ?? updated, created: undefined }));
      }
      if (asString(answer.next) === undefined) break;
    }
    return found;
  },
};
