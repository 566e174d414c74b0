import type { PlanDocument } from '@proxywatch/core/domain/control/plan';
import type { PlanRecord } from '@proxywatch/core/drivers/dcdb/control/plan-repository';

/** A plan as the API shows it. What it is based on are digests, of use to nobody else. */
export function planResource({ document, ...record }: PlanRecord) {
  const { namespaceRevision, options, warnings, refusals, notes } = document;
  const groups = document.groups.map((group) => ({
    ...group,
    proxies: group.proxies.map(({ basedOn: _, ...proxy }) => proxy),
  }));
  return { ...headOf(record, document), namespaceRevision, options, groups, warnings, refusals, notes };
}

/** One line of a list. */
export function planSummary({ document, ...record }: PlanRecord) {
  const { groups, refusals } = document;
  const written = groups.filter(({ kind }) => kind === 'managed');
  const proxies = written.flatMap((group) => group.proxies);
  const counts = {
    groups: written.length,
    proxies: proxies.length,
    changes: proxies.reduce((sum, { changes }) => sum + changes.length, 0),
    refusals: refusals.length,
  };
  return { ...headOf(record, document), counts };
}

function headOf(record: Omit<PlanRecord, 'document'>, { reason, modules, needsAdmin }: PlanDocument) {
  const { id, namespace, state, isExpired, createdBy, createdAt, expiresAt } = record;
  return {
    id,
    namespace,
    state,
    isExpired,
    reason,
    createdBy,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    modules,
    needsAdmin,
  };
}
