/**
 * Ties hard links whose targets came after them in the archive, each after the one it links to, so
 * that chains take one visit for each link in whatever order they stand. Returns those that stay
 * loose, among them links in a circle.
 * @param waitsFor the loose link that stands where a link's target should be
 * @param tie ties one link; returns false if its target does not exist
 */
export function tieLinks<Link>(
  links: readonly Link[],
  waitsFor: (link: Link) => Link | undefined,
  tie: (link: Link) => boolean,
): Set<Link> {
  const visited = new Set<Link>();
  const loose = new Set(links);
  for (const first of links) {
    const chain: Link[] = [];
    for (let link: Link | undefined = first; link !== undefined && !visited.has(link); link = waitsFor(link)) {
      visited.add(link);
      chain.push(link);
    }
    for (const link of chain.reverse()) if (tie(link)) loose.delete(link);
  }
  return loose;
}
