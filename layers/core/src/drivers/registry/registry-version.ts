import { createHash } from 'node:crypto';
import type { RegisteredProxy } from '../../domain/proxy.ts';

/** In the order of ids, by code units, so that every publisher writes the same list the same way. */
export function sortedById(proxies: readonly RegisteredProxy[]): readonly RegisteredProxy[] {
  return proxies.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** One entry as text: fields in a fixed order, absent ones left out. */
export function entryOf(proxy: RegisteredProxy): string {
  const { id, kind, namespace, adminHost, adminPort, adminTls, trafficHost, trafficPort } = proxy;
  const { statsCredentialRef, adminCredentialRef, monitoring, appliedChecksums } = proxy;
  return JSON.stringify({
    id,
    kind,
    namespace,
    adminHost,
    adminPort,
    adminTls,
    trafficHost,
    trafficPort,
    statsCredentialRef,
    adminCredentialRef,
    monitoring,
    appliedChecksums,
  });
}

/** The same for the same proxies, wherever they were read: a change and its undoing are no change. */
export function versionOf(sorted: readonly RegisteredProxy[]): string {
  const hash = createHash('sha256');
  for (const proxy of sorted) hash.update(entryOf(proxy)).update('\n');
  return hash.digest('hex').slice(0, 32);
}
