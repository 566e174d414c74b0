import type { NamingOptions } from '@proxywatch/core/domain/digests/attribution';
import { decodeDigestKey } from '@proxywatch/core/domain/digests/digest-key';
import { statementFilterOf } from '@proxywatch/core/domain/monitoring-settings/statement-filter';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';

/** What bounds the collections from one proxy. */
export interface WorkerLimits extends Pick<NamingOptions, 'topN' | 'mayName'> {
  /** Time of one collection. */
  readonly budgetMs: number;
}

/** As the settings of the proxy say, and as the gateway is configured where they say nothing. */
export function limitsOf({ monitoring }: RegisteredProxy, configured: Omit<WorkerLimits, 'mayName'>): WorkerLimits {
  const filter = statementFilterOf(monitoring);
  return {
    topN: monitoring?.digestTopN ?? configured.topN,
    budgetMs: monitoring?.collectTimeoutMs ?? configured.budgetMs,
    ...(filter && { mayName: (key) => filter(decodeDigestKey(key)) }),
  };
}
