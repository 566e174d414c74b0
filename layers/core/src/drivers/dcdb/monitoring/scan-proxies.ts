import { sql } from 'kysely';
import type { Dcdb } from '../create-dcdb.ts';
import { datetimeOf } from '../scan/fit.ts';

const DAY_MS = 86_400_000;
/** As many as a fleet may have, and those that were replaced. */
const MAX_PROXIES = 20_000;

export interface ScannedBy {
  readonly namespaces: readonly string[] | '*';
  readonly proxies?: readonly string[] | undefined;
  /** Proxies that were last read before then are left out, epoch milliseconds. */
  readonly sinceMs: number;
}

/**
 * Proxies that may have rows of the scanner under these namespaces. It says where to look, no more: a proxy that has moved
 * has rows of other namespaces too.
 */
export async function fetchScannedProxies(db: Dcdb, { namespaces, proxies, sinceMs }: ScannedBy): Promise<string[]> {
  if (namespaces.length === 0 || proxies?.length === 0) return [];
  // A day's last sight is somewhere within that day.
  let query = db
    .selectFrom('scan_proxies')
    .select('proxy')
    .distinct()
    .where('last_seen_at', '>', sql<Date>`${datetimeOf(Math.max(0, sinceMs - DAY_MS))}`);
  if (namespaces !== '*') query = query.where('namespace', 'in', namespaces);
  if (proxies !== undefined) query = query.where('proxy', 'in', proxies);
  const rows = await query.orderBy('proxy').limit(MAX_PROXIES).execute();
  return rows.map(({ proxy }) => proxy);
}
