import { COLLECTORS, type CollectorName } from '../../domain/scan/collectors.ts';
import { kebabOf } from '../../domain/scan/schema-name.ts';
import { proxyTagOf } from '../redis/proxy-keys.ts';

/** What the scanner keeps of one proxy besides its lease and its history. */
export function scanKeysOf(proxyId: string) {
  const tag = proxyTagOf(proxyId, 'scan');
  return {
    fence: `${tag}:fence`,
    states: `${tag}:states`,
    outbox: `${tag}:outbox`,
    quarantine: `${tag}:quarantine`,
  };
}

/** Where the Redis sink writes: `…:status`, `…:slow-sql`. */
export function sinkKeyOf(proxyId: string, collector: CollectorName): string {
  return `${proxyTagOf(proxyId, 'scan')}:${kebabOf(collector)}`;
}

/** How the scanner does with the proxy. */
export function scanReportKeyOf(proxyId: string): string {
  return `${proxyTagOf(proxyId, 'scan')}:report`;
}

export function allSinkKeysOf(proxyId: string): string[] {
  return COLLECTORS.map((collector) => sinkKeyOf(proxyId, collector));
}
