import type { Selectable } from 'kysely';
import { flagOf, stringMapOf } from '../column-values.ts';
import type { AlertRulesTable } from '../desired-tables.ts';

/** What somebody may change of a rule. */
export interface AlertRuleFields {
  readonly name: string;
  /** As it was given: the namespace is enforced when it is published. */
  readonly query: string;
  readonly forS: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Whether it is published. */
  readonly enabled: boolean;
}

export interface AlertRuleRecord extends AlertRuleFields {
  readonly id: string;
  readonly namespace: string;
  readonly createdBy: string;
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export const ALERT_RULE_COLUMNS = [
  'alert_rules.id',
  'alert_rules.namespace',
  'alert_rules.name',
  'alert_rules.query',
  'alert_rules.for_s',
  'alert_rules.labels',
  'alert_rules.annotations',
  'alert_rules.enabled',
  'alert_rules.created_by',
  'alert_rules.revision',
  'alert_rules.created_at',
  'alert_rules.updated_at',
] as const;

export function alertRuleOf(row: Selectable<AlertRulesTable>): AlertRuleRecord {
  return {
    id: row.id,
    namespace: row.namespace,
    name: row.name,
    query: row.query,
    forS: row.for_s,
    labels: stringMapOf(row.labels, 'alert_rules.labels'),
    annotations: stringMapOf(row.annotations, 'alert_rules.annotations'),
    enabled: flagOf(row.enabled),
    createdBy: row.created_by,
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** Columns of what is given. */
export function alertRuleValues({ name, query, forS, labels, annotations, enabled }: Partial<AlertRuleFields>) {
  return {
    ...(name !== undefined && { name }),
    ...(query !== undefined && { query }),
    ...(forS !== undefined && { for_s: forS }),
    ...(labels !== undefined && { labels: JSON.stringify(labels) }),
    ...(annotations !== undefined && { annotations: JSON.stringify(annotations) }),
    ...(enabled !== undefined && { enabled: Number(enabled) }),
  };
}
