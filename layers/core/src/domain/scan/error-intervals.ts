import type { ErrorTotals } from '../processlist.ts';
import type { SqlErrorRow } from '../proxy-status.ts';
import { ErrorRows, type KnownErrorRow, type RowIncrease } from './error-rows.ts';
import {
  drawnBalance,
  NO_BALANCE,
  type ServerErrno,
  settledBalance,
  type TotalBalance,
  totalKeyOf,
} from './error-totals.ts';

/** One look at the errors of a proxy: the table, and after it the totals where they were read too. */
export interface ErrorRead {
  /** When, epoch milliseconds of the reader. */
  readonly atMs: number;
  readonly uptimeS: number;
  /** The proxy's wall clock, epoch seconds. */
  readonly proxyNowS: number;
  readonly rows: readonly SqlErrorRow[];
  readonly totals?: ErrorTotals;
}

/** What came up between two looks. Nothing is known of the time before the first. */
export interface ErrorInterval {
  /** `undefined` at the first look. */
  readonly fromMs: number | undefined;
  readonly toMs: number;
  readonly backend: readonly { readonly row: SqlErrorRow; readonly count: number }[];
  readonly detailLost: readonly (ServerErrno & { readonly count: number })[];
  /** Logins with a wrong password. */
  readonly accessDenied: number;
}

export interface ErrorMemory {
  readonly atMs: number;
  readonly uptimeS: number;
  readonly rows: ReadonlyMap<string, KnownErrorRow>;
  readonly knownSinceS: number;
  /** `undefined` while no totals were ever read. */
  readonly totals: RememberedTotals | undefined;
}

export interface RememberedTotals {
  readonly atMs: number;
  readonly accessDenied: number;
  readonly balances: ReadonlyMap<string, TotalBalance>;
  /** Some were left out: one that nobody knows may be one of those. */
  readonly isCut: boolean;
}

/** Rows, and totals, that are remembered of one proxy. */
const MAX_REMEMBERED = 10_000;
/** Without totals for so long there is nothing left to compare the table with. */
const TOTALS_EXPIRE_MS = 600_000;

/**
 * Compares a look at the errors with what is remembered of the one before. Counts never add up to more than there was; with
 * totals they add up to exactly that, once errors stop.
 */
export function errorIntervalOf(
  read: ErrorRead,
  before: ErrorMemory | undefined,
): { readonly interval: ErrorInterval; readonly memory: ErrorMemory } {
  if (!before || hasExpired(before, read)) return begin(read);
  const isYounger = read.uptimeS < before.uptimeS;
  const hasRestarted = isYounger || hasAnyFallen(read.totals, before.totals);
  // What was last looked at was of the old life for certain if its totals were.
  const isNewLifeUnseen = isYounger || before.totals?.atMs === before.atMs;
  const base = !hasRestarted ? before : isNewLifeUnseen ? restarted(before) : restartedBetween(before);
  const rows = new ErrorRows(base.rows, base.knownSinceS);
  const increases = increasesOf(read, rows, Math.floor(before.atMs / 1000), base.totals);
  const { counted, detailLost, balances } = balance(read, base.totals, increases);
  for (const increase of increases) rows.note(increase);
  rows.forgetOld(Math.floor(read.atMs / 1000), MAX_REMEMBERED);
  const { totals } = read;
  return {
    interval: {
      fromMs: before.atMs,
      toMs: read.atMs,
      backend: counted,
      detailLost: [...(hasRestarted ? outstandingOf(before.totals) : []), ...detailLost],
      accessDenied: totals && base.totals ? Math.max(0, totals.accessDenied - base.totals.accessDenied) : 0,
    },
    memory: {
      atMs: read.atMs,
      uptimeS: read.uptimeS,
      rows: rows.entries,
      knownSinceS: rows.knownSinceS,
      totals: rememberedOf(read, base.totals, balances),
    },
  };
}

/** The first look: what is there came up at an unknown time. */
function begin(read: ErrorRead): { readonly interval: ErrorInterval; readonly memory: ErrorMemory } {
  const rows = new ErrorRows(new Map(), read.uptimeS);
  const seenS = Math.floor(read.atMs / 1000);
  for (const row of read.rows) rows.note(rows.increaseOf(row, bornOf(read, row), seenS, seenS));
  rows.forgetOld(seenS, MAX_REMEMBERED);
  const { atMs, uptimeS } = read;
  return {
    interval: { fromMs: undefined, toMs: atMs, backend: [], detailLost: [], accessDenied: 0 },
    memory: {
      atMs,
      uptimeS,
      rows: rows.entries,
      knownSinceS: rows.knownSinceS,
      totals: read.totals && beginTotals(read.atMs, read.totals),
    },
  };
}

/** Totals that were not read for long must not hold the table's increases back. */
function hasExpired({ totals }: ErrorMemory, read: ErrorRead): boolean {
  return totals !== undefined && !read.totals && read.atMs - totals.atMs > TOTALS_EXPIRE_MS;
}

/** A total never falls but with the process: a restart that the uptime has outrun. */
function hasAnyFallen(totals: ErrorTotals | undefined, before: RememberedTotals | undefined): boolean {
  if (!totals || !before) return false;
  const hasFallen = totals.byServer.some((total) => total.count < (before.balances.get(totalKeyOf(total))?.count ?? 0));
  return hasFallen || totals.accessDenied < before.accessDenied;
}

function restarted(before: ErrorMemory): ErrorMemory {
  const rows = new ErrorRows(new Map(), 0);
  rows.restart();
  const totals = before.totals && { ...before.totals, accessDenied: 0, balances: new Map(), isCut: false };
  return { ...before, rows: rows.entries, knownSinceS: rows.knownSinceS, totals };
}

/**
 * A restart that only the totals show, while looks at the table since may have seen the new life already. What they told is
 * ahead of the new totals, and its rows are known.
 */
function restartedBetween(before: ErrorMemory): ErrorMemory {
  const ahead = [...(before.totals?.balances ?? [])].filter(([, { balance: open }]) => open < 0);
  const balances = new Map(ahead.map(([key, { balance: open }]) => [key, { ...NO_BALANCE, balance: open }]));
  return { ...before, totals: before.totals && { ...before.totals, accessDenied: 0, balances, isCut: false } };
}

/** What the life before counted and never told of; its rows cannot come back. */
function outstandingOf(totals: RememberedTotals | undefined) {
  return [...(totals?.balances ?? [])]
    .filter(([, { balance: open }]) => open > 0)
    .map(([key, { balance: open }]) => ({ ...serverErrnoOf(key), count: open }));
}

/** Rows whose errors were given up before can be judged together with the totals only: until then they wait. */
function increasesOf(
  read: ErrorRead,
  rows: ErrorRows,
  previousSeenS: number,
  totals: RememberedTotals | undefined,
): readonly RowIncrease[] {
  const isWaiting = (row: SqlErrorRow) =>
    !read.totals && (totals?.balances.get(totalKeyOf(serverErrnoOfRow(row)))?.lost ?? 0) > 0;
  const seenS = Math.floor(read.atMs / 1000);
  return read.rows
    .filter((row) => !isWaiting(row))
    .map((row) => rows.increaseOf(row, bornOf(read, row), seenS, previousSeenS));
}

interface Balanced {
  readonly counted: ErrorInterval['backend'];
  readonly detailLost: ErrorInterval['detailLost'];
  readonly balances: ReadonlyMap<string, TotalBalance>;
}

function balance(read: ErrorRead, before: RememberedTotals | undefined, increases: readonly RowIncrease[]): Balanced {
  const grown = increases.filter(({ by }) => by > 0);
  const all = grown.map(({ row, by }) => ({ row, count: by }));
  if (!before) return { counted: all, detailLost: [], balances: new Map() };
  const byKey = Map.groupBy(grown, ({ row }) => totalKeyOf(serverErrnoOfRow(row)));
  const tableOf = (key: string) => (byKey.get(key) ?? []).reduce((sum, { by }) => sum + by, 0);
  const balances = new Map(before.balances);
  if (!read.totals) {
    for (const key of byKey.keys()) balances.set(key, drawnBalance(balances.get(key) ?? NO_BALANCE, tableOf(key)));
    return { counted: all, detailLost: [], balances };
  }
  const counts = new Map(read.totals.byServer.map((total) => [totalKeyOf(total), total.count]));
  const counted: { row: SqlErrorRow; count: number }[] = [];
  const detailLost: (ServerErrno & { count: number })[] = [];
  for (const key of new Set([...balances.keys(), ...counts.keys(), ...byKey.keys()])) {
    const known = balances.get(key);
    const count = counts.get(key) ?? known?.count ?? 0;
    // One that was left out before began at an unknown count.
    const base = known ?? (before.isCut ? { ...NO_BALANCE, count } : NO_BALANCE);
    const step = settledBalance(base, count, tableOf(key));
    balances.set(key, step.after);
    counted.push(...withoutCounted(byKey.get(key) ?? [], step.alreadyCounted));
    if (step.detailLost > 0) detailLost.push({ ...serverErrnoOf(key), count: step.detailLost });
  }
  return { counted, detailLost, balances };
}

/** Takes what was counted before off the rows that came back, and off others only then. */
function withoutCounted(increases: readonly RowIncrease[], alreadyCounted: number) {
  let left = alreadyCounted;
  return increases
    .toSorted((a, b) => Number(b.isBack) - Number(a.isBack))
    .map(({ row, by }) => {
      const taken = Math.min(by, left);
      left -= taken;
      return { row, count: by - taken };
    })
    .filter(({ count }) => count > 0);
}

function rememberedOf(
  { atMs, totals }: ErrorRead,
  before: RememberedTotals | undefined,
  balances: ReadonlyMap<string, TotalBalance>,
): RememberedTotals | undefined {
  if (!before) return totals && beginTotals(atMs, totals);
  const isCut = before.isCut || balances.size > MAX_REMEMBERED;
  const kept = new Map([...balances].slice(0, MAX_REMEMBERED));
  if (!totals) return { ...before, balances: kept, isCut };
  return { atMs, accessDenied: totals.accessDenied, balances: kept, isCut };
}

function beginTotals(atMs: number, { accessDenied, byServer }: ErrorTotals): RememberedTotals {
  const kept = byServer.slice(0, MAX_REMEMBERED);
  const balances = new Map(kept.map((total) => [totalKeyOf(total), { ...NO_BALANCE, count: total.count }]));
  return { atMs, accessDenied, balances, isCut: byServer.length > MAX_REMEMBERED };
}

function bornOf({ uptimeS, proxyNowS }: ErrorRead, { firstSeenS }: SqlErrorRow): number {
  return uptimeS - (proxyNowS - firstSeenS);
}

/** `host:port`, or the path of a socket. */
export function serverOf({ host, port }: Pick<SqlErrorRow, 'host' | 'port'>): string {
  return port === 0 ? host : `${host}:${port}`;
}

function serverErrnoOfRow(row: SqlErrorRow): ServerErrno {
  return { hostgroup: row.hostgroup, server: serverOf(row), errno: row.errno };
}

function serverErrnoOf(key: string): ServerErrno {
  const [hostgroup, server, errno] = JSON.parse(key) as [string, string, number];
  return { hostgroup, server, errno };
}
