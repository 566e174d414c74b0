import type {
  KeyLogRecord,
  ScanRecord,
  SlowSqlRecord,
  SlowTransactionRecord,
  SqlErrorsRecord,
  SqlStatsRecord,
} from '../../../domain/scan/scan-record.ts';
import { type Fit, orNull } from './fit.ts';
import type { Row, Value } from './upsert-table.ts';

const MAX_DETAILS = 100;
const MAX_DETAIL = 500;

/** Rows of records, each with its values in the order of its table's columns in upsert-table.ts. */
export function statsRow(record: SqlStatsRecord, seriesId: bigint, fit: Fit): Row {
  const { digest } = record;
  return rowAt(record.toMs, fit.name(record.proxy), fit, [
    seriesId,
    fit.datetime(record.fromMs),
    fit.count(record.executions),
    fit.count(record.timeUs),
    fit.count(record.rowsSent),
    fit.count(record.rowsAffected),
    countOrNull(digest?.minTimeUs, fit),
    countOrNull(digest?.maxTimeUs, fit),
  ]);
}

export function errorRow(record: SqlErrorsRecord, fit: Fit): Row {
  return eventRow(record, record.toMs, fit, () => [
    fit.datetime(record.fromMs),
    record.source,
    fit.int(record.errno),
    fit.count(record.count),
    nameOrNull(record.hostgroup, fit),
    addressOrNull(record.server, fit),
    nameOrNull(record.user, fit),
    nameOrNull(record.schema, fit),
    addressOrNull(record.clientAddress, fit),
    textOrNull(record.lastError, fit),
  ]);
}

export function slowSqlRow(record: SlowSqlRecord, fit: Fit): Row {
  return eventRow(record, record.startedAtMs, fit, () => [
    record.source,
    fit.count(record.durationUs),
    record.isExact ? 1 : 0,
    orNull(record.digest, (digest) => fit.digest(digest)),
    textOrNull(record.text, fit),
    nameOrNull(record.hostgroup, fit),
    nameOrNull(record.schema, fit),
    nameOrNull(record.user, fit),
    addressOrNull(record.server, fit),
    addressOrNull(record.clientAddress, fit),
    countOrNull(record.rowsSent, fit),
    countOrNull(record.rowsAffected, fit),
    orNull(record.errno, (errno) => fit.int(errno)),
  ]);
}

export function slowTransactionRow(record: SlowTransactionRecord, fit: Fit): Row {
  return eventRow(record, record.startedAtMs, fit, () => [
    record.state,
    fit.count(record.durationMs),
    fit.name(record.sessionId),
    fit.name(record.user),
    fit.name(record.schema),
    fit.name(record.hostgroup),
    addressOrNull(record.server, fit),
    addressOrNull(record.clientAddress, fit),
    textOrNull(record.statement, fit),
    countOrNull(record.idleMs, fit),
    fit.int(record.version),
  ]);
}

export function keyLogRow(record: KeyLogRecord, fit: Fit): Row {
  return eventRow(record, record.happenedAtMs, fit, () => [
    record.event,
    record.severity,
    fit.text(record.message),
    detailOf(record.detail, fit),
  ]);
}

function eventRow(record: ScanRecord, atMs: number, fit: Fit, rest: () => readonly Value[]): Row {
  const before = fit.cuts;
  const proxy = fit.name(record.proxy);
  const namespace = fit.name(record.namespace);
  const observedAt = fit.datetime(record.observedAtMs);
  const values = rest();
  const isCut = fit.cuts > before || ('isCut' in record && record.isCut === true);
  return rowAt(atMs, proxy, fit, [fit.eventId(record.eventId), namespace, observedAt, isCut ? 1 : 0, ...values]);
}

function rowAt(atMs: number, proxy: string, fit: Fit, rest: readonly Value[]): Row {
  return { timeMs: fit.timeMs(atMs), values: [proxy, fit.datetime(atMs), ...rest] };
}

/** JSON knows no half of a surrogate pair, and no number that is none. */
function detailOf(detail: KeyLogRecord['detail'], fit: Fit): string {
  const entries = Object.entries(detail).slice(0, MAX_DETAILS);
  const fitting = entries.map(([key, value]) => {
    return [fit.name(key), typeof value === 'string' ? fit.name(value, MAX_DETAIL) : value];
  });
  return JSON.stringify(Object.fromEntries(fitting));
}

function nameOrNull(value: string | undefined, fit: Fit): string | null {
  return orNull(value, (name) => fit.name(name));
}

function addressOrNull(value: string | undefined, fit: Fit): string | null {
  return orNull(value, (address) => fit.address(address));
}

function textOrNull(value: string | undefined, fit: Fit): string | null {
  return orNull(value, (text) => fit.text(text));
}

function countOrNull(value: number | undefined, fit: Fit): number | null {
  return orNull(value, (count) => fit.count(count));
}
