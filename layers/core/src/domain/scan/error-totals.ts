import type { ErrorTotals } from '../processlist.ts';

/** What the proxy counted of one errno at one server, against what its table of errors told of it. */
export interface TotalBalance {
  /** As the proxy counts it, since it started. */
  readonly count: number;
  /** Counted, and neither told in detail nor given up: negative while the table is ahead. */
  readonly balance: number;
  /** The part of the balance that was there at the read of totals before: the table had its chance to tell of it. */
  readonly due: number;
  /** Given up as without detail; rows that come back with a larger count tell of these once more. */
  readonly lost: number;
}

export const NO_BALANCE: TotalBalance = { count: 0, balance: 0, due: 0, lost: 0 };

/** Totals of one read against those of the read before, and the table's increases between them. */
export interface BalanceStep {
  readonly after: TotalBalance;
  /** Of the table's increases: so many were given up before, and do not count a second time. */
  readonly alreadyCounted: number;
  /** Given up now: counted, and in no row for two reads of totals. */
  readonly detailLost: number;
}

/**
 * One read in which both the table and the totals were read, the table first. Sums of what counts never exceed what the
 * proxy counted, and once two reads bring nothing new they equal it.
 */
export function settledBalance(before: TotalBalance, count: number, tableIncrease: number): BalanceStep {
  const grown = count - before.count;
  const ahead = Math.max(0, tableIncrease - before.balance - grown);
  const alreadyCounted = Math.min(ahead, before.lost, tableIncrease);
  const told = tableIncrease - alreadyCounted;
  const balance = before.balance + grown - told;
  // What the table told is taken for the oldest of what was missing.
  const detailLost = Math.max(0, Math.min(before.due - told, balance));
  const left = balance - detailLost;
  const lost = before.lost - alreadyCounted + detailLost;
  return { after: { count, balance: left, due: Math.max(0, left), lost }, alreadyCounted, detailLost };
}

/** A read of the table alone. */
export function drawnBalance(before: TotalBalance, tableIncrease: number): TotalBalance {
  return {
    ...before,
    balance: before.balance - tableIncrease,
    due: Math.max(0, before.due - tableIncrease),
  };
}

export type ServerErrno = Pick<ErrorTotals['byServer'][number], 'hostgroup' | 'server' | 'errno'>;

export function totalKeyOf({ hostgroup, server, errno }: ServerErrno): string {
  return JSON.stringify([hostgroup, server, errno]);
}
