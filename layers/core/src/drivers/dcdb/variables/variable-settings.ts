import { sql } from 'kysely';
import type { VariableSpec } from '../../../domain/control/desired-state.ts';
import { secretContextOf, type VariableSetting } from '../../../domain/control/effective-variables.ts';
import type { SecretBox } from '../../../ports/secret-box.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import { SETTING_COLUMNS, settingOf, type VariableSettingRecord } from './setting-row.ts';

export type { VariableSettingRecord } from './setting-row.ts';

export interface SettingsOfInterest {
  readonly kind: string;
  /** Of this variable alone. */
  readonly name?: string;
  /** The fleet's, this namespace's and those of its proxies. */
  readonly namespace?: string;
  /** The fleet's, this proxy's and those of its namespace; with `namespace` as well: of that one. */
  readonly proxyId?: string;
}

/** Settings that hold now, in no particular order; without namespace and proxy all of the kind. Expired ones are left out. */
export function fetchVariableSettings(
  db: Dcdb,
  { kind, name, namespace, proxyId }: SettingsOfInterest,
  signal?: AbortSignal,
): Promise<readonly VariableSettingRecord[]> {
  return accessDcdb(async () => {
    const all = db
      .selectFrom('variable_settings')
      .select(SETTING_COLUMNS)
      .where('kind', '=', kind)
      .$if(name !== undefined, (query) => query.where('name', '=', name ?? ''))
      .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', sql<Date>`current_timestamp(6)`)]));
    if (namespace === undefined && proxyId === undefined) return (await all.execute({ signal })).map(settingOf);
    const proxies = db.selectFrom('proxies');
    const ofInterest = all.where((eb) =>
      eb.or([
        eb('scope', '=', 'fleet'),
        eb('scope', '=', 'namespace').and(
          namespace === undefined
            ? eb('scope_name', 'in', proxies.select('namespace').where('id', '=', proxyId ?? ''))
            : eb('scope_name', '=', namespace),
        ),
        eb('scope', '=', 'proxy').and(
          proxyId === undefined
            ? eb('scope_name', 'in', proxies.select('id').where('namespace', '=', namespace ?? ''))
            : eb('scope_name', '=', proxyId),
        ),
      ]),
    );
    return (await ofInterest.execute({ signal })).map(settingOf);
  });
}

/** The settings as a proxy takes them: sealed values opened. Rejects with RECORD_DAMAGED when one cannot be opened. */
export function openSettings(
  secrets: SecretBox,
  settings: readonly VariableSetting[],
  signal?: AbortSignal,
): Promise<readonly VariableSpec[]> {
  return Promise.all(
    settings.map(async ({ kind, name, value, isSecret }) => ({
      name,
      value: isSecret ? await secrets.open(value, secretContextOf({ kind, name }), signal) : value,
    })),
  );
}
