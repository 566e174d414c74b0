import { createDcdbOperationStore } from '@proxywatch/core/drivers/dcdb/control/dcdb-operation-store';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { fetchProxyRecords } from '@proxywatch/core/drivers/dcdb/proxy-repository';
import type { CredentialSource } from '@proxywatch/core/ports/credential-source';
import type { DatabaseConfig } from '@proxywatch/core/ports/database-config';
import type { Log } from '@proxywatch/core/ports/log';
import type { OperationInvoker } from '@proxywatch/core/ports/operation-invoker';
import type { ProxyControl } from '@proxywatch/core/ports/proxy-control';
import type { RegistryPublisher } from '@proxywatch/core/ports/proxy-registry';
import type { SecretBox } from '@proxywatch/core/ports/secret-box';
import { pause } from '../collection/pause.ts';
import type { Engine } from './engine.ts';
import { fetchPlannedIntent } from './planning/planned-intent.ts';
import { CONTROL_TIMES, type ControlTimes } from './times.ts';

/** What changing proxies takes; the dependencies of the API have all of it. */
export interface ControlDeps {
  readonly db: Dcdb;
  /** By kind. */
  readonly controls: ReadonlyMap<string, ProxyControl>;
  readonly credentials: CredentialSource;
  readonly databases: DatabaseConfig;
  readonly secrets: SecretBox;
  readonly operations: OperationInvoker;
  /** Where gateways and scanner read what changed of the proxies. @default - nobody does */
  readonly registry?: RegistryPublisher;
  readonly log: Log;
  /** Epoch milliseconds. */
  nowMs(): number;
  /** @default CONTROL_TIMES */
  readonly times?: Partial<ControlTimes>;
}

export function createEngine(deps: ControlDeps): Engine {
  return {
    store: createDcdbOperationStore(deps.db),
    controls: deps.controls,
    credentials: deps.credentials,
    secrets: deps.secrets,
    invoker: deps.operations,
    log: deps.log,
    clock: { nowMs: () => deps.nowMs(), wait: pause },
    times: timesOf(deps),
    fetchProxies: (signal) => fetchProxyRecords(deps.db, signal),
    fetchIntent: (request, signal) => fetchPlannedIntent(deps, request, signal),
  };
}

export function timesOf({ times }: Pick<ControlDeps, 'times'>): ControlTimes {
  return { ...CONTROL_TIMES, ...times };
}
