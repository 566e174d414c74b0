import { type Kysely, MysqlAdapter, sql } from 'kysely';
import { ProxywatchError } from '../../domain/errors.ts';

const MIGRATION_LOCK_WAIT_S = 30;

// GET_LOCK is one namespace for the whole server: two databases on it must be able to migrate at once.
const LOCK = sql`concat('proxywatch:migrate:', md5(database()))`;

/**
 * kysely's adapter waits an hour for one lock name on the whole server and does not look whether it got it. This one
 * waits for the database's own lock, within a bound, and says so when somebody else is migrating.
 */
export class DcdbAdapter extends MysqlAdapter {
  // biome-ignore lint/suspicious/noExplicitAny: kysely's own signature
  override async acquireMigrationLock(db: Kysely<any>): Promise<void> {
    const { rows } = await sql<{ taken: number | null }>`
      select get_lock(${LOCK}, ${sql.lit(MIGRATION_LOCK_WAIT_S)}) as taken`.execute(db);
    if (Number(rows[0]?.taken) !== 1) {
      throw new ProxywatchError(
        'STORE_UNAVAILABLE',
        `another migration is running since over ${MIGRATION_LOCK_WAIT_S} s`,
      );
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: kysely's own signature
  override async releaseMigrationLock(db: Kysely<any>): Promise<void> {
    await sql`select release_lock(${LOCK})`.execute(db);
  }
}
