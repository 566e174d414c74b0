import type { SqlErrorRow } from '../proxy-status.ts';
import { type ErrorInterval, serverOf } from './error-intervals.ts';
import { eventIdOf } from './event-id.ts';
import { maskMessage } from './mask-message.ts';
import type { SqlErrorsRecord } from './scan-record.ts';

export interface ErrorRecordLimits {
  readonly showLiterals: boolean;
  readonly maxRecords: number;
}

type Scope = ErrorInterval & { readonly proxy: string; readonly namespace: string };
type Fields = Omit<SqlErrorsRecord, 'kind' | 'eventId' | 'proxy' | 'namespace' | 'observedAtMs' | 'fromMs' | 'toMs'>;

/** A wrong password, as MySQL numbers it. */
const ACCESS_DENIED = 1045;
/** Stands for several errnos together. */
const MIXED = 0;

/**
 * Records of an interval: one per errno, user, schema, server and hostgroup; those of one that differ only in the client are
 * one. Beyond `maxRecords` the rarest are added up by errno, without their details, so that the sum stays what it is.
 */
export function errorRecordsOf(scope: Scope, { showLiterals, maxRecords }: ErrorRecordLimits): SqlErrorsRecord[] {
  if (scope.fromMs === undefined) return [];
  const backend = [...Map.groupBy(scope.backend, ({ row }) => groupKeyOf(row)).values()].map((group) =>
    backendOf(group, showLiterals),
  );
  const lost = scope.detailLost.map((total): Fields => ({ source: 'detailLost', ...total }));
  const denied: Fields[] =
    scope.accessDenied > 0 ? [{ source: 'frontend', errno: ACCESS_DENIED, count: scope.accessDenied }] : [];
  const all = limited([...denied, ...backend, ...lost], maxRecords);
  return all.map((fields) => recordOf(scope, fields));
}

function backendOf(group: ErrorInterval['backend'], showLiterals: boolean): Fields {
  const { row } = group.reduce((latest, one) => (one.row.lastSeenS > latest.row.lastSeenS ? one : latest));
  const { errno, hostgroup, user, schema, clientAddress } = row;
  const isOneClient = clientAddress !== '' && group.every((one) => one.row.clientAddress === clientAddress);
  const lastError = showLiterals ? row.lastError : maskMessage(errno, row.lastError);
  return {
    source: 'backend',
    errno,
    count: countOf(group),
    hostgroup,
    server: serverOf(row),
    user,
    schema,
    ...(isOneClient && { clientAddress }),
    ...(lastError !== '' && { lastError }),
  };
}

/** The most frequent keep their details, the others share records by source and errno, and by source alone at the end. */
function limited(all: readonly Fields[], maxRecords: number): readonly Fields[] {
  if (all.length <= maxRecords) return all;
  const detailed = Math.floor(maxRecords / 2);
  const sorted = all.toSorted((a, b) => b.count - a.count);
  const byErrno = merged(sorted.slice(detailed), ({ errno }) => errno).toSorted((a, b) => b.count - a.count);
  const named = Math.max(0, maxRecords - detailed - SOURCES);
  return [...sorted.slice(0, detailed), ...byErrno.slice(0, named), ...merged(byErrno.slice(named), () => MIXED)];
}

const SOURCES = 3;

function merged(all: readonly Fields[], errnoOf: (fields: Fields) => number): Fields[] {
  const groups = Map.groupBy(all, (fields) => JSON.stringify([fields.source, errnoOf(fields)])).values();
  return [...groups].flatMap((group) => {
    const [first] = group;
    return first ? [{ source: first.source, errno: errnoOf(first), count: countOf(group) }] : [];
  });
}

function recordOf({ proxy, namespace, fromMs = 0, toMs }: Scope, fields: Fields): SqlErrorsRecord {
  const { source, errno, hostgroup = '', server = '', user = '', schema = '' } = fields;
  const eventId = eventIdOf('sqlErrors', proxy, toMs, source, errno, hostgroup, server, user, schema);
  return { kind: 'sqlErrors', eventId, proxy, namespace, observedAtMs: toMs, fromMs, toMs, ...fields };
}

function groupKeyOf(row: SqlErrorRow): string {
  return JSON.stringify([row.errno, row.hostgroup, serverOf(row), row.user, row.schema]);
}

function countOf(all: readonly { readonly count: number }[]): number {
  return all.reduce((sum, { count }) => sum + count, 0);
}
