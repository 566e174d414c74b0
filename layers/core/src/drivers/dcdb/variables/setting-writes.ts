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

/**
 * Creates the setting unless there is one of its identity, expired or not: then that one is answered, as it is. Either is
 * held until the end of the transaction.
 */
export function addSetting(
  tx: Transaction<DcdbTables>,
  setting: SettingIdentity & SettingValue & { readonly id: string; readonly createdBy: string },
  signal?: AbortSignal,
): Promise<VariableSettingRecord | undefined> {
  return accessDcdb(async () => {
    const { id, scope, scopeName, kind, name, createdBy } = setting;
    await tx
      .insertInto('variable_settings')
      .values({ id, scope, scope_name: scopeName, kind, name, created_by: createdBy, ...columnsOf(setting) })
      // Locks a row that is there for writing at once. IGNORE would lock it for reading, in which several meet in a deadlock.
      .onDuplicateKeyUpdate((eb) => ({ id: eb.ref('variable_settings.id') }))
      .execute({ signal });
    const held = await lockSetting(tx, { scope, scopeName, kind, name }, signal);
    return held?.id === id ? undefined : held;
  });
}

/** Another value; raises the revision. */
export function updateSetting(
  tx: Transaction<DcdbTables>,
  id: string,
  value: SettingValue,
  signal?: AbortSignal,
): Promise<void> {
  return accessDcdb(async () => {
    await tx
      .updateTable('variable_settings')
      .set((eb) => ({ ...columnsOf(value), revision: eb('revision', '+', 1) }))
      .where('id', '=', id)
      .execute({ signal });
  });
}

export function deleteSetting(tx: Transaction<DcdbTables>, id: string, signal?: AbortSignal): Promise<void> {
  return accessDcdb(async () => {
    await tx.deleteFrom('variable_settings').where('id', '=', id).execute({ signal });
  });
}

function columnsOf({ value, isSecret, reason, expiresAt }: SettingValue) {
  return { value, is_secret: Number(isSecret), reason, expires_at: expiresAt };
}
