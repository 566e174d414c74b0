import { requireRole } from '@proxywatch/core/domain/access/caller';
import type { Role } from '@proxywatch/core/domain/access/role';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { fetchPlan, type PlanRecord } from '@proxywatch/core/drivers/dcdb/control/plan-repository';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import type { Asking } from './find-namespace.ts';

/** A plan, if the caller has the role in its namespace; else NOT_FOUND or FORBIDDEN. */
export async function findPlan(db: Dcdb, id: string, role: Role, { caller, signal }: Asking): Promise<PlanRecord> {
  const plan = await fetchPlan(db, id, signal);
  if (plan === undefined) throw new ProxywatchError('NOT_FOUND', `there is no plan ${id}`);
  requireRole(caller, role, plan.namespace, `plan ${id}`);
  return plan;
}
