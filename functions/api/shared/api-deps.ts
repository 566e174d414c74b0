import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import type { CredentialSource } from '@proxywatch/core/ports/credential-source';
import type { DatabaseConfig } from '@proxywatch/core/ports/database-config';
import type { FleetObserver } from '@proxywatch/core/ports/fleet-observer';
import type { Log } from '@proxywatch/core/ports/log';
import type { MembershipStore } from '@proxywatch/core/ports/membership-store';
import type { OperationInvoker } from '@proxywatch/core/ports/operation-invoker';
import type { ProxyControl } from '@proxywatch/core/ports/proxy-control';
import type { ProxyDriver } from '@proxywatch/core/ports/proxy-driver';
import type { RegistryPublisher } from '@proxywatch/core/ports/proxy-registry';
import type { ScanFailures } from '@proxywatch/core/ports/scan-failures';
import type { ScanPauseStore } from '@proxywatch/core/ports/scan-pauses';
import type { ScanReports } from '@proxywatch/core/ports/scan-reports';
import type { ScanRequestStore } from '@proxywatch/core/ports/scan-requests';
import type { SecretBox } from '@proxywatch/core/ports/secret-box';
import type { AlertRulePublisher, Skyeye } from '@proxywatch/core/ports/skyeye';

/** All that use cases of the API may need; each takes the part that it uses. Made once per process. */
export interface ApiDeps {
  readonly db: Dcdb;
  readonly redis: RedisClient;
  /** Where gateways and scanner read the proxies; call `publishRegistry(db, registry)` after each change of them. */
  readonly registry: RegistryPublisher;
  readonly fleet: FleetObserver;
  /** What operators may change about the fleet of gateways. */
  readonly membership: Pick<MembershipStore, 'pin' | 'drain'>;
  readonly pauses: ScanPauseStore;
  readonly scanFailures: Pick<ScanFailures, 'fetchAll'>;
  readonly scanReports: Pick<ScanReports, 'fetchReports'>;
  readonly scanRequests: Pick<ScanRequestStore, 'request' | 'fetchAll'>;
  readonly credentials: CredentialSource;
  /** By kind. */
  readonly drivers: ReadonlyMap<string, ProxyDriver>;
  readonly controls: ReadonlyMap<string, ProxyControl>;
  readonly databases: DatabaseConfig;
  readonly skyeye: Skyeye;
  readonly alertRules: AlertRulePublisher;
  readonly operations: OperationInvoker;
  readonly secrets: SecretBox;
  /** Whether the deployment names an admin of its own, who is there whatever the bindings say. */
  readonly hasBootstrapAdmin: boolean;
  readonly log: Log;
  /** Epoch milliseconds. */
  nowMs(): number;
}
