import type { Transaction } from 'kysely';
import { ProxywatchError } from '../../../domain/errors.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import type { DcdbTables } from '../tables.ts';
import {
  ALERT_RULE_COLUMNS,
  type AlertRuleFields,
  type AlertRuleRecord,
  alertRuleOf,
  alertRuleValues,
} from './alert-rule-row.ts';

export type { AlertRuleFields, AlertRuleRecord } from './alert-rule-row.ts';

/** Of one namespace; each costs the monitoring platform an evaluation all the time. */
export const MAX_RULES_PER_NAMESPACE = 100;

export interface FetchRuleOptions {
  /** Holds the row until the end of the transaction. */
  readonly lock?: boolean;
  readonly signal?: AbortSignal;
}

export function fetchAlertRule(
  db: Dcdb | Transaction<DcdbTables>,
  id: string,
  { lock = false, signal }: FetchRuleOptions = {},
): Promise<AlertRuleRecord | undefined> {
  return accessDcdb(async () => {
    const query = db.selectFrom('alert_rules').select(ALERT_RULE_COLUMNS).where('id', '=', id);
    const row = await (lock ? query.forUpdate() : query).executeTakeFirst({ signal });
    return row === undefined ? undefined : alertRuleOf(row);
  });
}

/** All that are to be published, by id. */
export function fetchEnabledAlertRules(db: Dcdb, signal?: AbortSignal): Promise<readonly AlertRuleRecord[]> {
  return accessDcdb(async () => {
    const rows = await db
      .selectFrom('alert_rules')
      .select(ALERT_RULE_COLUMNS)
      .where('enabled', '=', 1)
      .orderBy('id')
      .execute({ signal });
    return rows.map(alertRuleOf);
  });
}

/** Rejects with CONFLICT when the namespace has a rule of that name, or as many rules as one may have. */
export function insertAlertRule(
  tx: Transaction<DcdbTables>,
  rule: AlertRuleFields & Pick<AlertRuleRecord, 'id' | 'namespace' | 'createdBy'>,
  signal?: AbortSignal,
): Promise<void> {
  return accessDcdb(async () => {
    const { count } = await tx
      .selectFrom('alert_rules')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('namespace', '=', rule.namespace)
      .executeTakeFirstOrThrow({ signal });
    if (Number(count) >= MAX_RULES_PER_NAMESPACE) {
      throw new ProxywatchError('CONFLICT', `the namespace has ${MAX_RULES_PER_NAMESPACE} alert rules already`);
    }
    const { id, namespace, createdBy } = rule;
    const { labels, annotations, name, query, forS, enabled } = rule;
    await named(name, () =>
      tx
        .insertInto('alert_rules')
        .values({
          id,
          namespace,
          created_by: createdBy,
          name,
          query,
          for_s: forS,
          labels: JSON.stringify(labels),
          annotations: JSON.stringify(annotations),
          enabled: Number(enabled),
        })
        .execute({ signal }),
    );
  });
}

export function updateAlertRule(
  tx: Transaction<DcdbTables>,
  id: string,
  changes: Partial<AlertRuleFields>,
  signal?: AbortSignal,
): Promise<void> {
  return accessDcdb(async () => {
    await named(changes.name ?? '', () =>
      tx
        .updateTable('alert_rules')
        .set((eb) => ({ ...alertRuleValues(changes), revision: eb('revision', '+', 1) }))
        .where('id', '=', id)
        .execute({ signal }),
    );
  });
}

export function deleteAlertRule(tx: Transaction<DcdbTables>, id: string, signal?: AbortSignal): Promise<void> {
  return accessDcdb(async () => {
    await tx.deleteFrom('alert_rules').where('id', '=', id).execute({ signal });
  });
}

async function named<T>(name: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const isDuplicate = typeof error === 'object' && error !== null && 'code' in error && error.code === 'ER_DUP_ENTRY';
    if (!isDuplicate) throw error;
    throw new ProxywatchError('CONFLICT', `the namespace has an alert rule ${name}`, {
      problems: [{ pointer: '/name', message: 'the namespace has an alert rule of that name' }],
    });
  }
}
