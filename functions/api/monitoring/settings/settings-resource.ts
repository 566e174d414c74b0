import type {
  MonitoringSettingsRecord,
  SettingsScope,
} from '@proxywatch/core/drivers/dcdb/monitoring-settings/settings-repository';
import type { SettingsAnswer } from './settings-fields.ts';

/** The settings of a scope as callers see them, also where nothing was decided yet: whoever decides first knows revision 0. */
export function settingsResource(
  { scope, scopeName }: SettingsScope,
  record: MonitoringSettingsRecord | undefined,
): SettingsAnswer {
  return {
    scope,
    name: scope === 'fleet' ? null : scopeName,
    settings: (record?.settings ?? {}) as SettingsAnswer['settings'],
    updatedBy: record?.updatedBy ?? null,
    revision: record?.revision ?? 0,
    createdAt: record?.createdAt.toISOString() ?? null,
    updatedAt: record?.updatedAt.toISOString() ?? null,
  };
}
