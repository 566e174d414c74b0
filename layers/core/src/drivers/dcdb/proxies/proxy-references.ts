import { sql } from 'kysely';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';

/** The operation that may change the proxy now; `undefined`: none. */
export function fetchLockingOperation(db: Dcdb, id: string, signal?: AbortSignal): Promise<string | undefined> {
  return accessDcdb(async () => {
    const lock = await db
      .selectFrom('proxy_locks')
      .select('operation_id')
      .where('proxy_id', '=', id)
      .executeTakeFirst({ signal });
    return lock?.operation_id;
  });
}

/** How many settings somebody made for this proxy alone. */
export function countProxySettings(db: Dcdb, id: string, signal?: AbortSignal): Promise<number> {
  return accessDcdb(async () => {
    const { rows } = await sql<{ found: number }>`
      select (select count(*) from variable_settings where scope = 'proxy' and scope_name = ${id})
        + (select count(*) from monitoring_settings where scope = 'proxy' and scope_name = ${id}) as found`.execute(
      db,
      {
        signal,
      },
    );
    return Number(rows[0]?.found ?? 0);
  });
}
