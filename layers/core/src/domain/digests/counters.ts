import type { DigestCounters } from './digest-read.ts';

/** The additive columns, in the order in which every array of this folder keeps them. */
export const COLUMNS = ['executions', 'timeUs', 'rowsAffected', 'rowsSent'] as const;

export const ZERO: DigestCounters = { executions: 0, timeUs: 0, rowsAffected: 0, rowsSent: 0 };

export function sumOf(a: DigestCounters, b: DigestCounters): DigestCounters {
  return {
    executions: a.executions + b.executions,
    timeUs: a.timeUs + b.timeUs,
    rowsAffected: a.rowsAffected + b.rowsAffected,
    rowsSent: a.rowsSent + b.rowsSent,
  };
}

export function differenceOf(a: DigestCounters, b: DigestCounters): DigestCounters {
  return {
    executions: a.executions - b.executions,
    timeUs: a.timeUs - b.timeUs,
    rowsAffected: a.rowsAffected - b.rowsAffected,
    rowsSent: a.rowsSent - b.rowsSent,
  };
}

export function areEqual(a: DigestCounters, b: DigestCounters): boolean {
  return COLUMNS.every((column) => a[column] === b[column]);
}

export function isAnyBelow(a: DigestCounters, b: DigestCounters): boolean {
  return COLUMNS.some((column) => a[column] < b[column]);
}
