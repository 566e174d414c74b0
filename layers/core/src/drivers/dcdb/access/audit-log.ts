import type { Transaction } from 'kysely';
import { accessDcdb } from '../dcdb-error.ts';
import type { DcdbTables } from '../tables.ts';

export interface AuditEntry {
  readonly actor: string;
  readonly sourceAddress: string;
  readonly requestId: string;
  readonly action: string;
  readonly resourceType: string;
  readonly resourceId: string;
  readonly namespace: string | null;
  /** Without secrets; `null`: there was, or is, none. */
  readonly before: unknown;
  readonly after: unknown;
  readonly reason: string;
}

/** Written in the transaction of what it tells of, so that neither is there without the other. */
export function insertAuditRows(
  tx: Transaction<DcdbTables>,
  entries: readonly AuditEntry[],
  signal?: AbortSignal,
): Promise<void> {
  return accessDcdb(async () => {
    const rows = entries.map((entry) => ({
      actor: entry.actor,
      source_address: entry.sourceAddress,
      request_id: entry.requestId,
      action: entry.action,
      resource_type: entry.resourceType,
      resource_id: entry.resourceId,
      namespace: entry.namespace,
      before_state: jsonOf(entry.before),
      after_state: jsonOf(entry.after),
      reason: entry.reason,
    }));
    if (rows.length > 0) await tx.insertInto('audit').values(rows).execute({ signal });
  });
}

function jsonOf(state: unknown): string | null {
  return state === null || state === undefined ? null : JSON.stringify(state);
}
