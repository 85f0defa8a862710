import { asObjects, asString } from '../../oci/json.ts';
import { MOST_PAGES, type AskApi, type RegistryKind } from './registryKind.ts';
import { tagDetail } from './tagDetail.ts';

const PAGE = 100;

/** Harbor: `/api/v2.0`, asked without an account; its catalog is for administrators only. */
export const harbor: RegistryKind = {
  name: 'Harbor',
  recognises: ({ realm, service }) =>
    service === 'harbor-registry' ||
    (realm !== undefined && URL.canParse(realm) && new URL(realm).pathname === '/service/token'),

  async repositories(ask, origin, owner, signal) {
    const projects = owner === undefined ? await pages(ask, `${origin}/api/v2.0/projects`, signal) : [{ name: owner }];
    if (!projects) return undefined;
    const found: string[] = [];
    let answered = false;
    for (const { name } of projects) {
      const project = encodeURIComponent(String(name));
      const listed = await pages(ask, `${origin}/api/v2.0/projects/${project}/repositories`, signal);
      answered ||= listed !== undefined;
      for (const repository of listed ?? []) if (typeof repository.name === 'string') found.push(repository.name);
    }
    return answered || owner === undefined ? found : undefined;
  },

  async tags(ask, origin, repository, signal) {
    const [project = '', ...rest] = repository.split('/');
    // A slash in the repository is encoded twice.
    const name = encodeURIComponent(encodeURIComponent(rest.join('/')));
    const base = `${origin}/api/v2.0/projects/${encodeURIComponent(project)}/repositories/${name}/artifacts`;
    const artifacts = await pages(
      ask,
      `${base}?with_tag=true&q=${encodeURIComponent('tags=*')}&sort=-push_time`,
      signal,
    );
    return artifacts?.flatMap(({ digest, size, push_time: pushTime, tags, extra_attrs: attributes }) =>
      asObjects(tags).flatMap(({ name: tag, push_time: pushed }) => {
        const text = asString(tag);
        const created = asObjects([attributes])[0]?.created;
        return text === undefined ? [] : [tagDetail(text, { digest, size, pushed: pushed ?? pushTime, created })];
      }),
    );
  },
};

/** Reads a list page by page; undefined if the first is refused. */
async function pages(ask: AskApi, url: string, signal: AbortSignal) {
  const all: ReturnType<typeof asObjects> = [];
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const joint = url.includes('?') ? '&' : '?';
    const answer = await ask(`${url}${joint}page=${page}&page_size=${PAGE}`, signal);
    if (!Array.isArray(answer)) return page === 1 ? undefined : all;
    all.push(...asObjects(answer));
    if (answer.length < PAGE) break;
  }
  return all;
}
