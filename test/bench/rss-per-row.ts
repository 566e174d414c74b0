/**
 * Resident memory of a digest row that is known and has no series of its own: histories of 50 proxies with 10,000 rows
 * each, as a gateway holds them, read as the driver reads them. In a process of its own, since memory once taken is not
 * always given back.
 */
import { setImmediate } from 'node:timers/promises';
import { encodeDigestKey } from '../../layers/core/src/domain/digests/digest-key.ts';
import { ProxyHistory } from '../../layers/core/src/domain/digests/proxy-history.ts';
import { parseDigestAnswer } from '../../layers/core/src/drivers/proxysql/digest-answer.ts';
import { FIELD_SEPARATOR, ROW_SEPARATOR } from '../../layers/core/src/drivers/proxysql/statements.ts';
import { type BenchResult, compare } from './harness/result.ts';

const PROXIES = 50;
const ROWS = 10_000;
const TOP_N = 10;
const LIMIT_BYTES = 300;
/** Reads after the first one, with 1 % of the rows each. */
const READS = 5;
const UPTIME_S = 90_000;
const FIRST_SEEN_S = 1_700_000_000;

export async function rssPerRow(): Promise<BenchResult[]> {
  // Code and buffers that the first of all histories brings are no memory of rows.
  createHistory(PROXIES);
  const before = await settledRss();
  const histories = Array.from({ length: PROXIES }, (_, proxy) => createHistory(proxy));
  const after = await settledRss();
  const rows = histories.reduce((sum, history) => sum + history.rows.size, 0);
  if (rows !== PROXIES * ROWS) throw new Error(`${rows} rows instead of ${PROXIES * ROWS}`);
  return [compare('rss-per-row', (after - before) / rows, LIMIT_BYTES, 'bytes')];
}

function createHistory(proxy: number): ProxyHistory {
  const history = new ProxyHistory();
  correct(history, packedRead(proxy, 0, 1), 'full', 0);
  for (let read = 1; read <= READS; read++) correct(history, packedRead(proxy, read, 100), 'changed', read);
  return history;
}

function correct(history: ProxyHistory, answer: (Buffer | null)[], kind: 'full' | 'changed', read: number): void {
  const elapsed = read === 0 ? undefined : { minS: 14, maxS: 16 };
  const naming = { topN: TOP_N, atS: 15 * read, mayLeave: true };
  const correction = history.correct(parseDigestAnswer([answer], kind), { tookS: 0, wallS: 0, elapsed }, naming);
  if (correction.kind !== 'corrected') throw new Error(`the history was ${correction.kind}`);
  history.markStored();
}

/** The proxy's answer to the driver's statement: every `step`-th row, after `executions` more executions of those. */
function packedRead(proxy: number, executions: number, step: number): (Buffer | null)[] {
  const rows: string[] = [];
  const sums = [0, 0, 0, 0];
  for (let row = 0; row < ROWS; row++) {
    const isActive = row % step === 0;
    const count = 1_000 + (row % 100 === 0 ? executions : 0);
    const counters = [count, count * 731, row % 2 === 0 ? 0 : count, row % 2 === 0 ? count * 3 : 0];
    for (const [i, counter] of counters.entries()) sums[i] = (sums[i] ?? 0) + counter;
    if (isActive) rows.push([keyOf(proxy, row), ...counters, FIRST_SEEN_S].join(String.fromCharCode(FIELD_SEPARATOR)));
  }
  const nowS = FIRST_SEEN_S + UPTIME_S / 2 + 15 * executions;
  const head = [nowS, UPTIME_S + 15 * executions, ROWS, ...sums, FIRST_SEEN_S];
  return [...head.map(String), rows.join(String.fromCharCode(ROW_SEPARATOR))].map((cell) => Buffer.from(cell));
}

function keyOf(proxy: number, row: number): string {
  const hash = BigInt.asUintN(64, BigInt(proxy * ROWS + row + 1) * 0x9e3779b97f4a7c15n);
  return encodeDigestKey({
    hostgroup: String(10 * (1 + (row % 2))),
    schema: `order_service_${row % 7}`,
    user: row % 2 === 0 ? 'order_service_ro' : 'order_service_rw',
    clientAddress: '',
    digest: `0x${hash.toString(16).toUpperCase().padStart(16, '0')}`,
  });
}

/** Resident memory once the garbage collector has nothing left to give back. */
async function settledRss(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  for (let i = 0; i < 4; i++) {
    await globalThis.gc({ type: 'major', execution: 'async', flavor: 'last-resort' });
    await setImmediate();
  }
  return process.memoryUsage.rss();
}

if (import.meta.main) console.table(await rssPerRow());
