import type { MonitoringOverrides } from '@proxywatch/core/domain/monitoring-settings/overrides';
import { statementFilterOf } from '@proxywatch/core/domain/monitoring-settings/statement-filter';
import { COLLECTORS, type SinkName } from '@proxywatch/core/domain/scan/collectors';
import type { CollectSettings } from './collect-context.ts';
import type { Routes } from './outbox.ts';

/** What collectors are configured with, as the settings of a proxy change it. */
export function watchedSettings(
  configured: CollectSettings,
  monitoring: MonitoringOverrides | undefined,
): CollectSettings {
  const { slowSqlMs, slowTransactionMs = configured.slowTransactionMs, showLiterals, textLength } = monitoring ?? {};
  const tells = statementFilterOf(monitoring);
  return {
    ...configured,
    slowSqlMs: slowSqlMs ?? configured.slowSqlMs,
    slowTransactionMs,
    showLiterals: showLiterals ?? configured.showLiterals,
    // A transaction of twice the threshold must not slip through.
    sampleMs: Math.min(configured.sampleMs, slowTransactionMs),
    sqlStatsTopN: monitoring?.sqlStatsTopN ?? configured.sqlStatsTopN,
    ...(tells && { tells }),
    ...(textLength !== undefined && { textLength }),
  };
}

/** Where records of a proxy go. Nothing is kept for a sink that this process does not have: it would never arrive. */
export function watchedRoutes(
  configured: Routes,
  monitoring: MonitoringOverrides | undefined,
  sinks: ReadonlyMap<SinkName, unknown>,
): Routes {
  const { collectors } = monitoring ?? {};
  if (collectors === undefined) return configured;
  const all = COLLECTORS.map((name) => {
    const routes = collectors[name]?.routes?.filter((sink) => sinks.has(sink));
    return [name, routes ?? configured[name]] as const;
  });
  return Object.fromEntries(all) as Routes;
}
