import type { Selectable, Transaction } from 'kysely';
import { MONITORING_SCOPES, type MonitoringScope } from '../../../domain/monitoring-settings/effective-monitoring.ts';
import type { MonitoringOverrides } from '../../../domain/monitoring-settings/overrides.ts';
import { readOverrides } from '../../../domain/monitoring-settings/read-overrides.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import type { MonitoringSettingsTable } from '../desired-tables.ts';
import { lockRegistry, raiseRegistryRevision } from '../proxies/registry-revision.ts';
import type { ScanRetention } from '../scan/retention.ts';
import type { DcdbTables } from '../tables.ts';
import { readRetention } from './read-retention.ts';

/** Whose settings: `scopeName` is empty for the fleet, else the name of the namespace or the id of the proxy. */
export interface SettingsScope {
  readonly scope: MonitoringScope;
  readonly scopeName: string;
}

/** What one scope decides. */
export interface MonitoringSettings extends MonitoringOverrides {
  /** Of the fleet only: the tables are shared by all proxies. */
  readonly retention?: Partial<ScanRetention>;
}

export interface MonitoringSettingsRecord extends SettingsScope {
  readonly settings: MonitoringSettings;
  readonly updatedBy: string;
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export const SETTINGS_COLUMNS = [
  'monitoring_settings.scope',
  'monitoring_settings.scope_name',
  'monitoring_settings.settings',
  'monitoring_settings.updated_by',
  'monitoring_settings.revision',
  'monitoring_settings.created_at',
  'monitoring_settings.updated_at',
] as const;

export function settingsRecordOf(row: Selectable<MonitoringSettingsTable>): MonitoringSettingsRecord {
  return {
    scope: MONITORING_SCOPES.find((scope) => scope === row.scope) ?? 'proxy',
    scopeName: row.scope_name,
    settings: settingsOf(row.settings),
    updatedBy: row.updated_by,
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function fetchMonitoringSettings(
  db: Dcdb | Transaction<DcdbTables>,
  { scope, scopeName }: SettingsScope,
  signal?: AbortSignal,
): Promise<MonitoringSettingsRecord | undefined> {
  return accessDcdb(async () => {
    const row = await db
      .selectFrom('monitoring_settings')
      .select(SETTINGS_COLUMNS)
      .where('scope', '=', scope)
      .where('scope_name', '=', scopeName)
      .executeTakeFirst({ signal });
    return row === undefined ? undefined : settingsRecordOf(row);
  });
}

/**
 * The same, held until the end of the transaction, be there one or not: who changes what is published queues here. The
 * registry is of another edition then.
 */
export function lockMonitoringSettings(
  tx: Transaction<DcdbTables>,
  scope: SettingsScope,
  signal?: AbortSignal,
): Promise<MonitoringSettingsRecord | undefined> {
  return accessDcdb(async () => {
    await lockRegistry(tx, signal);
    await raiseRegistryRevision(tx, signal);
    return fetchMonitoringSettings(tx, scope, signal);
  });
}

/** Has the scope decide exactly this; nothing: the row stays, since its revision must not begin anew. */
export function putMonitoringSettings(
  tx: Transaction<DcdbTables>,
  { scope, scopeName }: SettingsScope,
  settings: MonitoringSettings,
  author: string,
  signal?: AbortSignal,
): Promise<void> {
  return accessDcdb(async () => {
    const values = { settings: JSON.stringify(settings), updated_by: author };
    await tx
      .insertInto('monitoring_settings')
      .values({ scope, scope_name: scopeName, ...values })
      .onDuplicateKeyUpdate((eb) => ({ ...values, revision: eb('monitoring_settings.revision', '+', 1) }))
      .execute({ signal });
  });
}

/** What can be understood of a row: one that is damaged decides nothing, and no proxy is the worse for it. */
export function settingsOf(column: unknown): MonitoringSettings {
  const value = jsonOf(column);
  const retention = readRetention(value);
  return { ...readOverrides(value), ...(retention && { retention }) };
}

function jsonOf(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
