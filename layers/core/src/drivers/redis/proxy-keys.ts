/**
 * The common beginning of all keys of one proxy: a hash tag, so that they live on one node of a cluster and a script may
 * use several of them.
 */
export function proxyTagOf(proxyId: string): string {
  return `{pw:${encodeURIComponent(proxyId)}}`;
}
