import type { Slice } from '@proxywatch/core/domain/control/desired-state';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import type { AccountRecord } from '@proxywatch/core/drivers/dcdb/accounts/account-repository';
import { fetchProxiesOf } from '@proxywatch/core/drivers/dcdb/accounts/proxies-of-namespace';
import { fetchNamespaceSpec } from '@proxywatch/core/drivers/dcdb/namespaces/namespace-specs';
import { fetchStatuses } from '@proxywatch/core/drivers/scan/redis-sink';
import type { ApiDeps } from '#api/api-deps';

export interface AccountBackend {
  readonly host: string;
  readonly port: number;
  /** `undefined`: only the proxies know. */
  readonly useTls: boolean | undefined;
}

/** A server that a proxy has given up has no say any more. */
const GONE = 'OFFLINE_HARD';

/**
 * The servers that proxies may log in to for this account: of its default hostgroup, and of the other half of the slice
 * that this belongs to. Taken from what the proxies run with, by their latest status, and from the database configuration
 * service. Rejects with SERVICE_UNREACHABLE when that is away and the proxies tell of no server either.
 */
export async function fetchAccountBackends(
  deps: Pick<ApiDeps, 'db' | 'redis' | 'databases'>,
  { namespace, spec }: AccountRecord,
  signal: AbortSignal,
): Promise<readonly AccountBackend[]> {
  const wanted = await fetchNamespaceSpec(deps.db, namespace, signal);
  const slices = (wanted?.spec.slices ?? []).filter(
    ({ writerHostgroup, readerHostgroup }) =>
      writerHostgroup === spec.defaultHostgroup || readerHostgroup === spec.defaultHostgroup,
  );
  const hostgroups = new Set([
    spec.defaultHostgroup,
    ...slices.flatMap(({ writerHostgroup, readerHostgroup }) => [writerHostgroup, readerHostgroup]),
  ]);
  const running = await fetchRunning(deps, namespace, hostgroups, signal);
  const configured = await fetchConfigured(deps, slices, signal).catch((error: unknown) => {
    if (errorCodeOf(error) !== 'SERVICE_UNREACHABLE' || running.length === 0) throw error;
    return [];
  });
  // The service knows whether a server takes TLS: its word comes first.
  const servers = new Map<string, AccountBackend>();
  for (const server of [...configured, ...running]) {
    const key = JSON.stringify([server.host, server.port]);
    if (!servers.has(key)) servers.set(key, server);
  }
  return [...servers.values()];
}

async function fetchRunning(
  { db, redis }: Pick<ApiDeps, 'db' | 'redis'>,
  namespace: string,
  hostgroups: ReadonlySet<number>,
  signal: AbortSignal,
): Promise<readonly AccountBackend[]> {
  const proxies = await fetchProxiesOf(db, namespace, signal);
  const ids = proxies.map(({ registration }) => registration.id);
  const statuses = await fetchStatuses(redis, ids, signal);
  return [...statuses.values()].flatMap(({ status }) =>
    (status?.backends ?? [])
      .filter((server) => server.status !== GONE && hostgroups.has(Number(server.hostgroup)))
      .map(({ host, port }) => ({ host, port, useTls: undefined })),
  );
}

async function fetchConfigured(
  { databases }: Pick<ApiDeps, 'databases'>,
  slices: readonly Slice[],
  signal: AbortSignal,
): Promise<readonly AccountBackend[]> {
  const clusters = [...new Set(slices.map(({ cluster }) => cluster))];
  const answers = await Promise.all(clusters.map((cluster) => databases.fetchInstances(cluster, signal)));
  return answers.flatMap(({ value }) =>
    (value ?? [])
      .filter(({ status }) => status !== 'offline')
      .map(({ host, port, useSsl }) => ({ host, port, useTls: useSsl })),
  );
}
