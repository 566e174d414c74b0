import type { Selectable } from 'kysely';
import {
  VARIABLE_SCOPES,
  type VariableScope,
  type VariableSetting,
} from '../../../domain/control/effective-variables.ts';
import { ProxywatchError } from '../../../domain/errors.ts';
import { flagOf } from '../column-values.ts';
import type { VariableSettingsTable } from '../desired-tables.ts';

export interface VariableSettingRecord extends VariableSetting {
  readonly reason: string;
  /** When it ceases to hold; `null`: never. */
  readonly expiresAt: Date | null;
  readonly createdBy: string;
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export const SETTING_COLUMNS = [
  'variable_settings.id',
  'variable_settings.scope',
  'variable_settings.scope_name',
  'variable_settings.kind',
  'variable_settings.name',
  'variable_settings.value',
  'variable_settings.is_secret',
  'variable_settings.reason',
  'variable_settings.expires_at',
  'variable_settings.created_by',
  'variable_settings.revision',
  'variable_settings.created_at',
  'variable_settings.updated_at',
] as const;

export function settingOf(row: Selectable<VariableSettingsTable>): VariableSettingRecord {
  return {
    id: row.id,
    scope: scopeOf(row.scope),
    scopeName: row.scope_name,
    kind: row.kind,
    name: row.name,
    value: row.value,
    isSecret: flagOf(row.is_secret),
    reason: row.reason,
    expiresAt: row.expires_at,
    createdBy: row.created_by,
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function scopeOf(value: string): VariableScope {
  const scope = VARIABLE_SCOPES.find((known) => known === value);
  if (scope === undefined) {
    throw new ProxywatchError('RECORD_DAMAGED', 'dcdb holds an unexpected value in variable_settings.scope');
  }
  return scope;
}
