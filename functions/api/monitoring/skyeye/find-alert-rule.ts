import { type Caller, requireRole } from '@proxywatch/core/domain/access/caller';
import type { Role } from '@proxywatch/core/domain/access/role';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import {
  type AlertRuleRecord,
  type FetchRuleOptions,
  fetchAlertRule,
} from '@proxywatch/core/drivers/dcdb/alert-rules/alert-rule-repository';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import type { DcdbTransaction } from '#api/api-request';

/** The rule, if the caller has the role in its namespace; else NOT_FOUND or FORBIDDEN. */
export async function findAlertRule(
  db: Dcdb | DcdbTransaction,
  id: string,
  role: Role,
  caller: Caller,
  options: FetchRuleOptions,
): Promise<AlertRuleRecord> {
  const rule = await fetchAlertRule(db, id, options);
  if (rule === undefined) throw new ProxywatchError('NOT_FOUND', `there is no alert rule ${id}`);
  requireRole(caller, role, rule.namespace, `alert rule ${id}`);
  return rule;
}
