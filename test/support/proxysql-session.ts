import type { Credential, RegisteredProxy } from '../../layers/core/src/domain/proxy.ts';
import { createProxysqlDriver, type ProxysqlDriverOptions } from '../../layers/core/src/drivers/proxysql/driver.ts';
import type { ConnectOptions, ProxySession } from '../../layers/core/src/ports/proxy-driver.ts';

export interface OpenOptions extends Partial<ConnectOptions>, ProxysqlDriverOptions {
  readonly credential?: Credential;
  readonly host?: string;
  readonly adminTls?: boolean;
}

/** A session of the ProxySQL driver with the proxy `px1` on a port of this machine. */
export function openSession(port: number, options: OpenOptions = {}): Promise<ProxySession> {
  const { timeoutMs = 30_000, signal, credential = { user: 'stats', password: 'stats' }, ...rest } = options;
  const { host = '127.0.0.1', adminTls = false, ...driverOptions } = rest;
  const proxy = { ...proxyAt(port), adminHost: host, adminTls };
  return createProxysqlDriver(driverOptions).connect(proxy, credential, { timeoutMs, ...(signal && { signal }) });
}

export function proxyAt(port: number): RegisteredProxy {
  return {
    id: 'px1',
    kind: 'proxysql',
    namespace: 'test',
    adminHost: '127.0.0.1',
    adminPort: port,
    adminTls: false,
    statsCredentialRef: 'test',
  };
}
