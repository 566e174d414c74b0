import { ProxywatchError } from '../../domain/errors.ts';
import type { DatabaseConfig } from '../../ports/database-config.ts';

/** A deployment without the service: it is as good as unreachable. */
export const absentDatabaseConfig: DatabaseConfig = {
  fetchClusters: absent,
  fetchCluster: absent,
  fetchInstances: absent,
  fetchChanges: absent,
};

async function absent(): Promise<never> {
  throw new ProxywatchError('SERVICE_UNREACHABLE', 'DBCONFIG_URL is not set', { service: 'dbconfig' });
}
