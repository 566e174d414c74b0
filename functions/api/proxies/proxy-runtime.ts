import type { StatusRecord } from '@proxywatch/core/domain/scan/scan-record';
import { fetchHistorySizes, type HistorySize } from '@proxywatch/core/drivers/history/history-sizes';
import { fetchStatuses } from '@proxywatch/core/drivers/scan/redis-sink';
import type { FleetRecords, ProxyOwner } from '@proxywatch/core/ports/fleet-observer';
import type { ApiDeps } from '#api/api-deps';
import type { RuntimeAnswer } from './proxy-fields.ts';

/** What scanner and gateways last wrote down about proxies, by id. Rejects with STORE_UNAVAILABLE. */
export async function fetchRuntimes(
  { redis, fleet }: Pick<ApiDeps, 'redis' | 'fleet'>,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, RuntimeAnswer>> {
  if (ids.length === 0) return new Map();
  const [statuses, owners, sizes, records] = await Promise.all([
    fetchStatuses(redis, ids, signal),
    fleet.fetchOwners(ids, signal),
    fetchHistorySizes(redis, ids, signal),
    fleet.fetchRecords(signal),
  ]);
  return new Map(
    ids.map((id) => {
      return [id, runtimeOf(statuses.get(id), gatewayOf(id, owners.get(id), records), digestsOf(sizes.get(id)))];
    }),
  );
}

function runtimeOf(
  record: StatusRecord | undefined,
  gateway: RuntimeAnswer['gateway'],
  digests: RuntimeAnswer['digests'],
): RuntimeAnswer {
  const { status, state } = record ?? {};
  return {
    reachable: record?.reachable ?? null,
    problem: codeOf(record),
    lastSeenAt: record?.reachable === true ? timeOf(record.observedAtMs) : null,
    version: status?.version ?? null,
    uptimeSeconds: status?.uptimeS ?? null,
    clientConnections: status?.clientConnections ?? null,
    activeTransactions: status?.activeTransactions ?? null,
    backendConnections: status === undefined ? null : sumOf(status.backends),
    checksums:
      state?.checksums?.map(({ name, version, epochS, checksum }) => {
        return { module: name, version, checksum, changedAt: timeOf(epochS * 1_000) };
      }) ?? null,
    gateway,
    digests,
  };
}

/** The message behind the code names hosts. */
function codeOf(record: StatusRecord | undefined): string | null {
  if (record === undefined || record.reachable) return null;
  return /^[A-Z_]+/.exec(record.problem ?? '')?.[0] ?? 'PROXY_UNREACHABLE';
}

function sumOf(backends: readonly { readonly connectionsUsed: number; readonly connectionsFree: number }[]) {
  return {
    used: backends.reduce((sum, { connectionsUsed }) => sum + connectionsUsed, 0),
    free: backends.reduce((sum, { connectionsFree }) => sum + connectionsFree, 0),
  };
}

function gatewayOf(id: string, owner: ProxyOwner | undefined, { members }: FleetRecords): RuntimeAnswer['gateway'] {
  if (owner === undefined) return null;
  const member = members.find((candidate) => candidate.id === owner.memberId);
  return {
    id: owner.memberId,
    leaseRemainingMs: owner.remainingMs,
    exposedSeries: member && Object.hasOwn(member.holds, id) ? (member.holds[id] ?? null) : null,
  };
}

function digestsOf(size: HistorySize | undefined): RuntimeAnswer['digests'] {
  if (size === undefined) return null;
  const { rows, series, errors, readAtMs } = size;
  return { rows, series, errors, readAt: timeOf(readAtMs) };
}

function timeOf(ms: number): string {
  const time = new Date(ms);
  return (Number.isNaN(time.getTime()) ? new Date(0) : time).toISOString();
}
