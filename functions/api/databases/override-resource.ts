import type { ServerOverrideRecord } from '@proxywatch/core/drivers/dcdb/servers/server-overrides';
import type { OverrideAnswer } from './database-fields.ts';

/** @param nowMs epoch milliseconds */
export function overrideResource(record: ServerOverrideRecord, nowMs: number): OverrideAnswer {
  const { id, namespace, host, port, hostgroup, kind, weight, reason, expiresAtMs, createdBy, revision } = record;
  return {
    id,
    namespace,
    host,
    port,
    hostgroup,
    kind,
    weight,
    reason,
    expiresAt: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
    ended: hasEnded(record, nowMs),
    returnedAt: record.returnedAt?.toISOString() ?? null,
    returnProblem: record.returnProblem,
    createdBy,
    revision,
    createdAt: record.createdAt.toISOString(),
    updatedAt: record.updatedAt.toISOString(),
  };
}

export function hasEnded({ expiresAtMs }: Pick<ServerOverrideRecord, 'expiresAtMs'>, nowMs: number): boolean {
  return expiresAtMs !== null && expiresAtMs <= nowMs;
}
