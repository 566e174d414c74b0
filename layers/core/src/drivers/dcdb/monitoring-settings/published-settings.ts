import type { Transaction } from 'kysely';
import { effectiveMonitoring } from '../../../domain/monitoring-settings/effective-monitoring.ts';
import type { MonitoringOverrides } from '../../../domain/monitoring-settings/overrides.ts';
import type { RegisteredProxy } from '../../../domain/proxy.ts';
import type { DcdbTables } from '../tables.ts';
import { SETTINGS_COLUMNS, settingsRecordOf } from './settings-repository.ts';

/** What gateways and scanner are told of each proxy, beside how to reach it. */
type PublishedSettings = Pick<RegisteredProxy, 'monitoring' | 'appliedChecksums'>;

/** To be called where the proxies are read, so that all is of one moment. */
export async function fetchPublishedSettings(
  tx: Transaction<DcdbTables>,
  signal?: AbortSignal,
): Promise<(proxy: RegisteredProxy) => PublishedSettings> {
  const rows = await tx.selectFrom('monitoring_settings').select(SETTINGS_COLUMNS).execute({ signal });
  const settings = new Map(rows.map(settingsRecordOf).map((one) => [keyOf(one.scope, one.scopeName), one.settings]));
  const checksums = await fetchChecksums(tx, signal);
  return ({ id, namespace }) => {
    const fleet = settings.get(keyOf('fleet', ''));
    const { overrides } = effectiveMonitoring(
      fleet,
      settings.get(keyOf('namespace', namespace)),
      settings.get(keyOf('proxy', id)),
    );
    const appliedChecksums = checksums.get(id);
    return {
      ...(isAny(overrides) && { monitoring: overrides }),
      ...(appliedChecksums !== undefined && { appliedChecksums }),
    };
  };
}

/** Of proxies that nobody is changing: while an operation runs, what a proxy should be like is not settled. */
async function fetchChecksums(
  tx: Transaction<DcdbTables>,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const rows = await tx
    .selectFrom('applied_checksums')
    .leftJoin('proxy_locks', 'proxy_locks.proxy_id', 'applied_checksums.proxy_id')
    .select(['applied_checksums.proxy_id', 'applied_checksums.module', 'applied_checksums.checksum'])
    .where('proxy_locks.proxy_id', 'is', null)
    .orderBy('applied_checksums.proxy_id')
    .orderBy('applied_checksums.module')
    .execute({ signal });
  const byProxy = Map.groupBy(rows, ({ proxy_id }) => proxy_id);
  return new Map(
    [...byProxy].map(([id, own]) => [id, Object.fromEntries(own.map(({ module, checksum }) => [module, checksum]))]),
  );
}

function isAny(overrides: MonitoringOverrides): boolean {
  return Object.keys(overrides).length > 0;
}

function keyOf(scope: string, name: string): string {
  return JSON.stringify([scope, name]);
}
