/** Whose keys: those of gateways, or those of the scanner, which remembers a proxy on its own. */
export type KeyScope = 'gateway' | 'scan';

/**
 * The common beginning of all keys of one proxy: a hash tag, so that they live on one node of a cluster and a script may
 * use several of them.
 */
export function proxyTagOf(proxyId: string, scope: KeyScope = 'gateway'): string {
  const tag = `{pw:${encodeURIComponent(proxyId)}}`;
  return scope === 'gateway' ? tag : `${tag}:${scope}`;
}
