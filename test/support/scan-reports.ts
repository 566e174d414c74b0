import type { CollectReport, ProxyReport } from '../../functions/scanner/collect/collect.ts';

export function reportOf(proxy: string, over: Partial<ProxyReport> = {}): ProxyReport {
  const collectors = [{ name: 'status' as const, records: 1 }];
  return { proxy, outcome: 'collected', collectors, delivered: 1, pending: 0, refused: 0, ...over };
}

export function reportsOf(...proxies: readonly ProxyReport[]): CollectReport {
  return { proxies };
}
