import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { LabAddress } from './config.ts';

const HOST = '127.0.0.1';
/** Proxies of one cluster pull each other's configuration; the third stands alone. */
const CLUSTER = [1, 2];

/** The log-ins that ProxySQL brings, by the references of the registry. */
export const LAB_CREDENTIALS = {
  'lab-stats': { user: 'stats', password: 'stats' },
  'lab-admin': { user: 'admin', password: 'admin' },
};

export function labName({ number }: LabAddress): string {
  return `lab-${number}`;
}

export function adminAddress({ adminPort }: LabAddress): string {
  return `${HOST}:${adminPort}`;
}

export function trafficAddress({ trafficPort }: LabAddress): string {
  return `${HOST}:${trafficPort}`;
}

/** The other proxies of its cluster. */
export function peersOf(lab: LabAddress, all: readonly LabAddress[]): readonly LabAddress[] {
  if (!CLUSTER.includes(lab.number)) return [];
  return all.filter(({ number }) => number !== lab.number && CLUSTER.includes(number));
}

/** A lab proxy as the registry knows it. */
export function registrationOf(lab: LabAddress): RegisteredProxy {
  return {
    id: labName(lab),
    kind: 'proxysql',
    namespace: CLUSTER.includes(lab.number) ? 'shop' : 'reporting',
    adminHost: HOST,
    adminPort: lab.adminPort,
    adminTls: false,
    trafficHost: HOST,
    trafficPort: lab.trafficPort,
    statsCredentialRef: 'lab-stats',
    adminCredentialRef: 'lab-admin',
  };
}
