import type { ScanRecord } from '../../../domain/scan/scan-record.ts';
import { schemaNameOf } from '../../../domain/scan/schema-name.ts';

/** Begins every event. Times are ISO 8601 in UTC with milliseconds. */
export interface WireBase {
  /** The same event has the same id however often it comes. 32 hex digits. */
  readonly eventId: string;
  /** Of this JSON: `proxywatch.slow-sql.v1`. */
  readonly schema: string;
  readonly proxy: string;
  readonly namespace: string;
  /** When the scanner read it. */
  readonly observedAt: string;
  /** Texts were longer. */
  readonly isCut?: boolean;
}

/** An event as it is told to others: plain JSON, what is unknown is absent. */
export type WireEvent = WireBase & Readonly<Record<string, unknown>>;

/**
 * The event of a record. Its names are those of the record, but that times end in `At`, and that the database schema is
 * `schemaName`, since `schema` is what the JSON itself follows.
 */
export function wireEventOf(record: ScanRecord): WireEvent {
  switch (record.kind) {
    case 'slowSql': {
      const { kind, startedAtMs, schema, ...rest } = withoutBase(record);
      return { ...baseOf(record), startedAt: isoOf(startedAtMs), schemaName: schema, ...rest };
    }
    case 'slowTransactions': {
      const { kind, startedAtMs, schema, ...rest } = withoutBase(record);
      return { ...baseOf(record), startedAt: isoOf(startedAtMs), schemaName: schema, ...rest };
    }
    case 'keyLogs': {
      const { kind, happenedAtMs, ...rest } = withoutBase(record);
      return { ...baseOf(record), happenedAt: isoOf(happenedAtMs), ...rest };
    }
    case 'sqlErrors': {
      const { kind, fromMs, toMs, schema, ...rest } = withoutBase(record);
      return { ...baseOf(record), fromAt: isoOf(fromMs), toAt: isoOf(toMs), schemaName: schema, ...rest };
    }
    case 'sqlStats': {
      const { kind, fromMs, toMs, digest, ...counters } = withoutBase(record);
      const { schema, ...named } = digest ?? {};
      const series = digest && { ...named, schemaName: schema };
      return { ...baseOf(record), fromAt: isoOf(fromMs), toAt: isoOf(toMs), ...series, ...counters };
    }
    case 'status': {
      const { kind, ...rest } = withoutBase(record);
      return { ...baseOf(record), ...rest };
    }
  }
}

function baseOf({ kind, eventId, proxy, namespace, observedAtMs }: ScanRecord): WireBase {
  return { eventId, schema: schemaNameOf(kind), proxy, namespace, observedAt: isoOf(observedAtMs) };
}

function withoutBase<T extends ScanRecord>({ eventId, proxy, namespace, observedAtMs, ...own }: T) {
  return own;
}

/** The furthest that a Date reaches. */
const LAST_MS = 8.64e15;

/** A proxy's clock may say anything: that must not keep the event from being told. */
function isoOf(ms: number): string {
  return new Date(Math.min(LAST_MS, Math.max(-LAST_MS, ms || 0))).toISOString();
}
