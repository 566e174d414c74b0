import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { accessDcdb } from '@proxywatch/core/drivers/dcdb/dcdb-error';
import type { VariableSettingRecord } from '@proxywatch/core/drivers/dcdb/variables/variable-settings';
import type { AuditRecord } from '#api/api-request';
import type { SettingAnswer } from './variable-fields.ts';

export const SETTING_RESOURCE = 'variable-setting';
const MAX_PLANS = 200;

/** How the audit names a setting: by what it is of, so that the history of a variable is a range of these names. */
export function auditIdOf({
  kind,
  name,
  scope,
  scopeName,
}: Pick<SettingAnswer, 'kind' | 'name' | 'scope' | 'scopeName'>): string {
  return `${auditPrefixOf(kind, name)}${scope}${scopeName === '' ? '' : `:${scopeName}`}`;
}

export function auditPrefixOf(kind: string, name: string): string {
  return `${kind}:${name}@`;
}

interface SettingChange {
  readonly namespace: string | undefined;
  readonly before?: SettingAnswer | undefined;
  readonly after?: SettingAnswer | undefined;
  readonly reason: string;
}

export function recordOf(action: string, { namespace, before, after, reason }: SettingChange): AuditRecord {
  const setting = after ?? before;
  if (setting === undefined) throw new ProxywatchError('INTERNAL', 'a change of a setting without a setting');
  return {
    action,
    resourceType: SETTING_RESOURCE,
    resourceId: auditIdOf(setting),
    ...(namespace !== undefined && { namespace }),
    before,
    after,
    reason,
  };
}

/**
 * The namespace that a setting was of whose namespace or proxy is gone, so that those who saw it see what became of it.
 * `undefined` when nothing tells any more.
 */
export async function fetchFormerNamespace(
  db: Dcdb,
  setting: VariableSettingRecord,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { scope, scopeName } = setting;
  if (scope !== 'proxy') return scope === 'namespace' ? scopeName : undefined;
  const known = { type: 'proxy', id: scopeName };
  const own = { type: SETTING_RESOURCE, id: auditIdOf(setting) };
  return (await lastNamespaceOf(db, known, signal)) ?? lastNamespaceOf(db, own, signal);
}

function lastNamespaceOf(
  db: Dcdb,
  { type, id }: { readonly type: string; readonly id: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  return accessDcdb(async () => {
    const row = await db
      .selectFrom('audit')
      .select('namespace')
      .where('resource_type', '=', type)
      .where('resource_id', '=', id)
      .where('namespace', 'is not', null)
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst({ signal });
    return row?.namespace ?? undefined;
  });
}

/** Namespaces with proxies that a setting holds for, where plans can be asked for. */
export async function fetchPlans(
  db: Dcdb,
  { kind }: Pick<VariableSettingRecord, 'kind'>,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<readonly { readonly namespace: string; readonly href: string }[]> {
  const names = namespace === undefined ? await fetchNamespacesWith(db, kind, signal) : [namespace];
  return names.map((name) => ({ namespace: name, href: `/v1/namespaces/${name}/actions/plan` }));
}

function fetchNamespacesWith(db: Dcdb, kind: string, signal: AbortSignal): Promise<readonly string[]> {
  return accessDcdb(async () => {
    const rows = await db
      .selectFrom('proxies')
      .select('namespace')
      .distinct()
      .where('kind', '=', kind)
      .where('state', '!=', 'retired')
      .orderBy('namespace')
      .limit(MAX_PLANS)
      .execute({ signal });
    return rows.map((row) => row.namespace);
  });
}
