import { createDcdb, type Dcdb, type DcdbOptions } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { migrateDcdb } from '@proxywatch/core/drivers/dcdb/migrate-dcdb';
import { type MariadbService, startMariadb } from '../../infra/local/services/mariadb.ts';

export interface MigratedDcdb {
  readonly server: MariadbService;
  readonly db: Dcdb;
  stop(): Promise<void>;
}

/** A DCDB of its own with all its tables. */
export async function startMigratedDcdb(options: DcdbOptions = {}): Promise<MigratedDcdb> {
  const server = await startMariadb();
  const db = createDcdb(server.url, options);
  await migrateDcdb(db);
  return {
    server,
    db,
    async stop() {
      await db.destroy();
      await server.stop();
    },
  };
}
