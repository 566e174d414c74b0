import { ZERO } from '@proxywatch/core/domain/digests/counters';
import type { DigestCounters } from '@proxywatch/core/domain/digests/digest-read';

/** What one scrape of one proxy shows of its SQL statistics. */
export interface SqlAnswer {
  readonly totals: DigestCounters;
  /** By label set, as printed; the remainder is one of them. */
  readonly series: ReadonlyMap<string, DigestCounters>;
}

type Column = keyof DigestCounters;

const FAMILIES: ReadonlyMap<string, { readonly column: Column; readonly of: 'all' | 'digest' }> = new Map([
  ['dbproxy_sql_all_executions_total', { column: 'executions', of: 'all' }],
  ['dbproxy_sql_all_duration_seconds_total', { column: 'timeUs', of: 'all' }],
  ['dbproxy_sql_all_rows_affected_total', { column: 'rowsAffected', of: 'all' }],
  ['dbproxy_sql_all_rows_sent_total', { column: 'rowsSent', of: 'all' }],
  ['dbproxy_sql_executions_total', { column: 'executions', of: 'digest' }],
  ['dbproxy_sql_duration_seconds_total', { column: 'timeUs', of: 'digest' }],
  ['dbproxy_sql_rows_affected_total', { column: 'rowsAffected', of: 'digest' }],
  ['dbproxy_sql_rows_sent_total', { column: 'rowsSent', of: 'digest' }],
]);

/** The counters of an exposition in Prometheus' text format; undefined where SQL statistics are withheld. */
export function parseSqlAnswer(text: string): SqlAnswer | undefined {
  let totals: DigestCounters | undefined;
  const series = new Map<string, DigestCounters>();
  for (const line of text.split('\n')) {
    if (!line.startsWith('dbproxy_sql_')) continue;
    const sample = sampleOf(line.slice(0, line.indexOf('{')), line);
    if (!sample) continue;
    const { column, of, labels, value } = sample;
    if (of === 'all') totals = { ...(totals ?? ZERO), [column]: value };
    else series.set(labels, { ...(series.get(labels) ?? ZERO), [column]: value });
  }
  return totals && { totals, series };
}

/** One sample as Prometheus names it; undefined for a family that holds no such counters. */
export function sampleOf(name: string, line: string) {
  const family = FAMILIES.get(name);
  if (!family) return undefined;
  const end = line.lastIndexOf('} ');
  return { ...family, labels: line.slice(name.length + 1, end), value: counterOf(family.column, line.slice(end + 2)) };
}

/** Counters are whole numbers; time is told in seconds with six digits. */
export function counterOf(column: Column, text: string): number {
  return Math.round(Number(text) * (column === 'timeUs' ? 1e6 : 1));
}

export function familyOf(name: string) {
  return FAMILIES.get(name);
}

export function digestOf(labels: string): string {
  return /(?:^|,)digest="([^"]*)"/.exec(labels)?.[1] ?? '';
}
