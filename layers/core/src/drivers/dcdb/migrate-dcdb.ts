import { Migrator } from 'kysely/migration';
import { messageOf, ProxywatchError } from '../../domain/errors.ts';
import type { Dcdb } from './create-dcdb.ts';
import { dcdbError } from './dcdb-error.ts';
import { MIGRATIONS } from './migrations/index.ts';

/**
 * Brings the schema up to date and answers the names of the migrations that it applied, none when there was nothing to
 * do. Safe to run at several places at once: GET_LOCK lets one of them work. Rejects with STORE_UNAVAILABLE, or with
 * MIGRATION_FAILED; what was applied before stays, and running it again goes on from there.
 */
export async function migrateDcdb(db: Dcdb): Promise<readonly string[]> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => MIGRATIONS },
    migrationTableName: 'migrations',
    migrationLockTableName: 'migrations_lock',
  });
  const { error, results = [] } = await migrator.migrateToLatest();
  const failed = results.find(({ status }) => status === 'Error')?.migrationName;
  if (error === undefined) return results.map(({ migrationName }) => migrationName);
  const store = dcdbError(error);
  if (store instanceof ProxywatchError) throw store;
  const what = failed === undefined ? 'the schema cannot be migrated' : `migration ${failed} failed`;
  throw new ProxywatchError('MIGRATION_FAILED', `${what}: ${messageOf(error)}`, { cause: error });
}
