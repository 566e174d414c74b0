import type { Transaction } from 'kysely';
import type { VariableScope } from '../../../domain/control/effective-variables.ts';
import { accessDcdb } from '../dcdb-error.ts';
import type { DcdbTables } from '../tables.ts';
import { SETTING_COLUMNS, settingOf, type VariableSettingRecord } from './setting-row.ts';

/** What a setting is of: there is at most one. */
export interface SettingIdentity {
  readonly scope: VariableScope;
  /** Empty for the fleet. */
  readonly scopeName: string;
  readonly kind: string;
  readonly name: string;
}

export interface SettingValue {
  /** Sealed when it is secret. */
  readonly value: string;
  readonly isSecret: boolean;
  readonly reason: string;
  readonly expiresAt: Date | null;
}

/** The setting, expired or not, held until the end of the transaction. */
export function lockSetting(
  tx: Transaction<DcdbTables>,
  setting: SettingIdentity | { readonly id: string },
  signal?: AbortSignal,
): Promise<VariableSettingRecord | undefined> {
  return accessDcdb(async () => {
    const query = tx.selectFrom('variable_settings').select(SETTING_COLUMNS).forUpdate();
    const row = await ('id' in setting
      ? query.where('id', '=', setting.id)
      : query
          .where('scope', '=', setting.scope)
          .where('scope_name', '=', setting.scopeName)
          .where('kind', '=', setting.kind)
          .where('name', '=', setting.name)
    ).executeTakeFirst({ signal });
    return row === undefined ? undefined : settingOf(row);
  });
}

/** Creates the setting, or has an existing one take this value and raises its revision. */
export function putSetting(
  tx: Transaction<DcdbTables>,
  setting: SettingIdentity & SettingValue & { readonly id: string; readonly createdBy: string },
  signal?: AbortSignal,
): Promise<void> {
  return accessDcdb(async () => {
    const values = { value: setting.value, is_secret: Number(setting.isSecret), reason: setting.reason };
    await tx
      .insertInto('variable_settings')
      .values({
        id: setting.id,
        scope: setting.scope,
        scope_name: setting.scopeName,
        kind: setting.kind,
        name: setting.name,
        created_by: setting.createdBy,
        expires_at: setting.expiresAt,
        ...values,
      })
      .onDuplicateKeyUpdate((eb) => ({
        ...values,
        expires_at: setting.expiresAt,
        revision: eb('variable_settings.revision', '+', 1),
      }))
      .execute({ signal });
  });
}

export function deleteSetting(tx: Transaction<DcdbTables>, id: string, signal?: AbortSignal): Promise<void> {
  return accessDcdb(async () => {
    await tx.deleteFrom('variable_settings').where('id', '=', id).execute({ signal });
  });
}
