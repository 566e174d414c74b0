import type { Credential, RegisteredProxy } from '../../domain/proxy.ts';
import type { ConnectOptions, ProxyDriver, ProxySession } from '../../ports/proxy-driver.ts';
import { type Acquaintance, Acquaintances } from './acquaintances.ts';
import { type AdminConnection, openAdminConnection } from './admin-connection.ts';
import { detectCapabilities, fetchVersion, type Version } from './capabilities.ts';
import type { Query } from './cells.ts';
import { aboutProxy, toProxywatchError } from './client-errors.ts';
import { startDeadline } from './deadline.ts';
import type { TlsOptions } from './mysql-client.ts';
import { createProcesslistReader } from './processlist.ts';
import { createStateReader } from './proxy-state.ts';
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
  /**
   * How long a later connection relies on what an earlier one found out about a proxy of the same version, for those who
   * connect for every look. @default 0: each connection finds out for itself
   */
  readonly rememberMs?: number;
}

/** Speaks to ProxySQL 2 and later through its admin interface; credentials of statistics (`stats`) are enough. */
export function createProxysqlDriver(options: ProxysqlDriverOptions = {}): ProxyDriver {
  const limits = {
    statementTimeoutMs: options.statementTimeoutMs ?? 15_000,
    closeTimeoutMs: options.closeTimeoutMs ?? 1_000,
    maxWaitingCalls: options.maxWaitingCalls ?? 16,
  };

  const acquaintances = new Acquaintances(options.rememberMs ?? 0);

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
      const query: Query = (statement) => opened.query(statement, deadline.signal);
      const version = await fetchVersion(query);
      const name = JSON.stringify([proxy.adminHost, proxy.adminPort, credential.user, version.text]);
      const known = acquaintances.recall(name) ?? (await acquaint(proxy, version, query));
      acquaintances.keep(name, known);
      return createSession(proxy.id, opened, known, limits, () => acquaintances.drop(name));
    } catch (error) {
      connection?.destroy(toProxywatchError(error, 'statement'));
      throw aboutProxy(proxy.id, error);
    } finally {
      deadline.clear();
    }
  }

  return { kind: 'proxysql', connect };
}

async function acquaint(
  { adminHost: host, adminPort: port }: RegisteredProxy,
  version: Version,
  query: Query,
): Promise<Acquaintance> {
  return {
    capabilities: await detectCapabilities(version, query),
    readProcesslist: createProcesslistReader(),
    readState: createStateReader({ host, port }),
  };
}
