import type { Selectable } from 'kysely';
import type { RegisteredProxy } from '../../domain/proxy.ts';
import { flagOf } from './column-values.ts';
import type { ProxyTable } from './tables.ts';

export const REGISTRATION_COLUMNS = [
  'id',
  'kind',
  'namespace',
  'admin_host',
  'admin_port',
  'admin_tls',
  'traffic_host',
  'traffic_port',
  'stats_credential_ref',
  'admin_credential_ref',
] as const satisfies readonly (keyof ProxyTable)[];

type RegistrationRow = Pick<Selectable<ProxyTable>, (typeof REGISTRATION_COLUMNS)[number]>;

export function registrationOf(row: RegistrationRow): RegisteredProxy {
  return {
    id: row.id,
    kind: row.kind,
    namespace: row.namespace,
    adminHost: row.admin_host,
    adminPort: row.admin_port,
    adminTls: flagOf(row.admin_tls),
    ...(row.traffic_host === null ? {} : { trafficHost: row.traffic_host }),
    ...(row.traffic_port === null ? {} : { trafficPort: row.traffic_port }),
    statsCredentialRef: row.stats_credential_ref,
    ...(row.admin_credential_ref === null ? {} : { adminCredentialRef: row.admin_credential_ref }),
  };
}

export function registrationRow(proxy: RegisteredProxy): RegistrationRow {
  return {
    id: proxy.id,
    kind: proxy.kind,
    namespace: proxy.namespace,
    admin_host: proxy.adminHost,
    admin_port: proxy.adminPort,
    admin_tls: proxy.adminTls ? 1 : 0,
    traffic_host: proxy.trafficHost ?? null,
    traffic_port: proxy.trafficPort ?? null,
    stats_credential_ref: proxy.statsCredentialRef,
    admin_credential_ref: proxy.adminCredentialRef ?? null,
  };
}

export function sameRegistration(a: RegisteredProxy, b: RegisteredProxy): boolean {
  const [left, right] = [registrationRow(a), registrationRow(b)];
  return REGISTRATION_COLUMNS.every((column) => left[column] === right[column]);
}
