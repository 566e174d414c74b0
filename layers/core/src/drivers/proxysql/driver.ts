import type { Credential, RegisteredProxy } from '../../domain/proxy.ts';
import type { ConnectOptions, ProxyDriver, ProxySession } from '../../ports/proxy-driver.ts';
import { type AdminConnection, openAdminConnection } from './admin-connection.ts';
import { detectCapabilities } from './capabilities.ts';
import { aboutProxy, toProxywatchError } from './client-errors.ts';
import { startDeadline } from './deadline.ts';
import type { TlsOptions } from './mysql-client.ts';
import { createSession } from './session.ts';

export interface ProxysqlDriverOptions {
  /** Time limit of each statement, whatever the caller's signal says. @default 15000 */
  readonly statementTimeoutMs?: number;
  /** How long close() waits for the proxy to hang up. @default 1000 */
  readonly closeTimeoutMs?: number;
  /** Calls of a session that may wait while one runs. @default 16 */
  readonly maxWaitingCalls?: number;
  /** For proxies registered with `adminTls`. @default - the system's authorities */
  readonly tls?: TlsOptions;
}

/** Speaks to ProxySQL 2 and later through its admin interface; credentials of statistics (`stats`) are enough. */
export function createProxysqlDriver(options: ProxysqlDriverOptions = {}): ProxyDriver {
  const limits = {
    statementTimeoutMs: options.statementTimeoutMs ?? 15_000,
    closeTimeoutMs: options.closeTimeoutMs ?? 1_000,
    maxWaitingCalls: options.maxWaitingCalls ?? 16,
  };

  async function connect(
    proxy: RegisteredProxy,
    credential: Credential,
    { timeoutMs, signal }: ConnectOptions,
  ): Promise<ProxySession> {
    const target = {
      host: proxy.adminHost,
      port: proxy.adminPort,
      credential,
      ...(proxy.adminTls && { tls: options.tls ?? {} }),
    };
    const deadline = startDeadline('connecting', timeoutMs, signal);
    let connection: AdminConnection | undefined;
    try {
      const opened = await openAdminConnection(target, deadline.signal);
      connection = opened;
      const capabilities = await detectCapabilities((statement) => opened.query(statement, deadline.signal));
      return createSession(proxy, opened, capabilities, limits);
    } catch (error) {
      connection?.destroy(toProxywatchError(error, 'statement'));
      throw aboutProxy(proxy.id, error);
    } finally {
      deadline.clear();
    }
  }

  return { kind: 'proxysql', connect };
}
