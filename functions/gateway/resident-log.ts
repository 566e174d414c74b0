import type { Log } from '@proxywatch/core/ports/log';
import type { ProxyWorker } from './worker/proxy-worker.ts';

export interface ResidentLogOptions {
  readonly workers: () => readonly Pick<ProxyWorker, 'seriesCount'>[];
  readonly heartbeatAgeMs: () => number;
  readonly log: Log;
}

const INTERVAL_MS = 60_000;

/**
 * Says once a minute what this gateway carries: CloudWatch makes a metric of `series` in these lines, by which a fleet on
 * ECS is scaled. Answers what ends it.
 */
export function startResidentLog({ workers, heartbeatAgeMs, log }: ResidentLogOptions): () => void {
  const timer = setInterval(() => {
    const { heapUsed, rss } = process.memoryUsage();
    const held = workers();
    log.info('resident', {
      message: 'resident',
      series: held.reduce((sum, { seriesCount }) => sum + (seriesCount ?? 0), 0),
      proxies: held.length,
      heapBytes: heapUsed,
      rssBytes: rss,
      heartbeatAgeMs: Math.round(heartbeatAgeMs()),
    });
  }, INTERVAL_MS);
  return () => clearInterval(timer);
}
