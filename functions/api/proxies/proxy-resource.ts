import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import {
  PROXY_STATES,
  type ProxyRecord,
  type RegistryState,
} from '@proxywatch/core/drivers/dcdb/proxies/proxy-records';
import type { ProxyFields } from '@proxywatch/core/drivers/dcdb/proxies/proxy-writes';
import type { ProxyAnswer, RuntimeAnswer } from './proxy-fields.ts';

/** A proxy as callers and the audit see it. */
export function proxyResource({ registration, state, ...record }: ProxyRecord): ProxyAnswer {
  return {
    ...flat(registration),
    managed: record.managed,
    region: record.region,
    zone: record.zone,
    labels: record.labels,
    state: stateOf(state),
    revision: record.revision,
    createdAt: record.createdAt.toISOString(),
    updatedAt: record.updatedAt.toISOString(),
  };
}

/** What the scanner saw last says more than the last trial, unless somebody decided about the state. */
export function withRuntime(proxy: ProxyAnswer, runtime: RuntimeAnswer): ProxyAnswer & { runtime: RuntimeAnswer } {
  const { reachable } = runtime;
  const isDerived = reachable !== null && isObserved(proxy.state);
  return { ...proxy, ...(isDerived && { state: reachable ? 'online' : 'unreachable' }), runtime };
}

/** States that say what was found, not what somebody decided. */
export function isObserved(state: RegistryState): boolean {
  return state === 'registered' || state === 'online' || state === 'unreachable';
}

export function fieldsOf({ registration, managed, region, zone, labels, state }: ProxyRecord): ProxyFields {
  return { registration, managed, region, zone, labels, state: stateOf(state) };
}

/** Fields of a body, where what is not there is null. */
export interface FlatRegistration {
  readonly id: string;
  readonly kind: string;
  readonly namespace: string;
  readonly adminHost: string;
  readonly adminPort: number;
  readonly adminTls: boolean;
  readonly trafficHost: string | null;
  readonly trafficPort: number | null;
  readonly statsCredentialRef: string;
  readonly adminCredentialRef: string | null;
}

export function flat(registration: RegisteredProxy): FlatRegistration {
  const { id, kind, namespace, adminHost, adminPort, adminTls, statsCredentialRef } = registration;
  return {
    id,
    kind,
    namespace,
    adminHost,
    adminPort,
    adminTls,
    trafficHost: registration.trafficHost ?? null,
    trafficPort: registration.trafficPort ?? null,
    statsCredentialRef,
    adminCredentialRef: registration.adminCredentialRef ?? null,
  };
}

export function registrationOf(given: FlatRegistration): RegisteredProxy {
  const { id, kind, namespace, adminHost, adminPort, adminTls, statsCredentialRef } = given;
  const { trafficHost, trafficPort, adminCredentialRef } = given;
  return {
    id,
    kind,
    namespace,
    adminHost,
    adminPort,
    adminTls,
    ...(trafficHost !== null && { trafficHost }),
    ...(trafficPort !== null && { trafficPort }),
    statsCredentialRef,
    ...(adminCredentialRef !== null && { adminCredentialRef }),
  };
}

/** The DCDB has a constraint on it; a state that a later version writes counts as one that nobody decided about. */
function stateOf(text: string): RegistryState {
  return PROXY_STATES.find((state) => state === text) ?? 'registered';
}
