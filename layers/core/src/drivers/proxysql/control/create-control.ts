import { errorCodeOf, ProxywatchError } from '../../../domain/errors.ts';
import type { Credential, RegisteredProxy } from '../../../domain/proxy.ts';
import type { ControlSession, ProxyControl } from '../../../ports/proxy-control.ts';
import type { ConnectOptions } from '../../../ports/proxy-driver.ts';
import { type AdminConnection, openAdminConnection } from '../admin-connection.ts';
import { fetchVersion } from '../capabilities.ts';
import type { Query } from '../cells.ts';
import { aboutProxy, toProxywatchError } from '../client-errors.ts';
import { startDeadline } from '../deadline.ts';
import type { TlsOptions } from '../mysql-client.ts';
import { cautionsOf } from './cautions.ts';
import { createControlSession } from './control-session.ts';
import { isAbsenceExpected, isMonitoredField } from './layer-differences.ts';
import { FIELDS } from './render/field-support.ts';
import { renderDesired } from './render/render.ts';
import { isOwnRow, isSecretField, nameOfRow } from './row-names.ts';
import { isSameValue } from './same-value.ts';
import { VARIABLES } from './variables/catalogue.ts';

export interface ProxysqlControlOptions {
  /** Time limit of each statement, whatever the caller's signal says. @default 15000 */
  readonly statementTimeoutMs?: number;
  /** How long close() waits for the proxy to hang up. @default 1000 */
  readonly closeTimeoutMs?: number;
  /** Calls of a session that may wait while one runs. @default 16 */
  readonly maxWaitingCalls?: number;
  /** For proxies registered with `adminTls`. @default - the system's authorities */
  readonly tls?: TlsOptions;
}

/** Changes ProxySQL 2 and later through its admin interface, with a credential of an administrator. */
export function createProxysqlControl(options: ProxysqlControlOptions = {}): ProxyControl {
  const limits = {
    statementTimeoutMs: options.statementTimeoutMs ?? 15_000,
    closeTimeoutMs: options.closeTimeoutMs ?? 1_000,
    maxWaitingCalls: options.maxWaitingCalls ?? 16,
  };

  async function connect(
    proxy: RegisteredProxy,
    credential: Credential,
    { timeoutMs, signal }: ConnectOptions,
  ): Promise<ControlSession> {
    const { id: proxyId, adminHost: host, adminPort: port } = proxy;
    const target = { host, port, credential, ...(proxy.adminTls && { tls: options.tls ?? {} }) };
    const deadline = startDeadline('connecting', timeoutMs, signal);
    let connection: AdminConnection | undefined;
    try {
      const opened = await openAdminConnection(target, deadline.signal);
      connection = opened;
      const query: Query = (statement) => opened.query(statement, deadline.signal);
      const version = await fetchVersion(query);
      await expectAdministrator(query);
      return createControlSession({ proxyId, version: version.text, itself: { host, port } }, opened, limits);
    } catch (error) {
      connection?.destroy(toProxywatchError(error, 'statement'));
      throw aboutProxy(proxyId, error);
    } finally {
      deadline.clear();
    }
  }

  return {
    kind: 'proxysql',
    fields: FIELDS,
    variables: VARIABLES,
    render: renderDesired,
    isSame: isSameValue,
    isOwn: isOwnRow,
    isSecret: isSecretField,
    isMonitored: isMonitoredField,
    isAbsenceExpected,
    cautionsOf,
    nameOf: nameOfRow,
    connect,
  };
}

/** The credential of statistics logs in as well, and for it the tables of the configuration do not exist. */
async function expectAdministrator(query: Query): Promise<void> {
  try {
    await query('SELECT 1 FROM mysql_users WHERE 1=0');
  } catch (error) {
    if (errorCodeOf(error) !== 'PROXY_STATEMENT') throw error;
    throw new ProxywatchError('PROXY_ACCESS_DENIED', 'the credential may not see the configuration', { cause: error });
  }
}
