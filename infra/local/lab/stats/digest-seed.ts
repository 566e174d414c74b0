import type { DigestTable, Execution } from './digest-table.ts';

export interface SeedOptions {
  /** @default ['app_rw', 'app_ro', 'batch'] */
  readonly users?: readonly string[];
  /** @default ['shop', 'crm', 'analytics'] */
  readonly schemas?: readonly string[];
  /** Hostgroup of reads and of writes. @default [20, 10] */
  readonly hostgroups?: readonly number[];
  /** Digests with the same numbers differ between seeds. @default 1 */
  readonly seed?: number;
  /** Characters of each text, at least; shorter ones get more columns. @default 0 */
  readonly textLength?: number;
  /** Executions that each row starts with; near 2^32 the counter is about to wrap. @default 1 */
  readonly executions?: number;
}

/** Fills a table with `count` synthetic rows of shop-like statements, without traffic. Called again, it adds further rows. */
export function seedDigests(table: DigestTable, count: number, options: SeedOptions = {}): void {
  const {
    users = ['app_rw', 'app_ro', 'batch'],
    schemas = ['shop', 'crm', 'analytics'],
    hostgroups = [20, 10],
  } = options;
  const salt = BigInt(options.seed ?? 1);
  const first = table.size;
  for (let i = first; i < first + count; i += 1) {
    const origin = {
      hostgroup: cycle(hostgroups, i) ?? 0,
      schema: cycle(schemas, i) ?? '',
      user: cycle(users, Math.floor(i / 2)) ?? '',
      client: '',
    };
    table.seed(origin, textOf(i, options.textLength ?? 0), digestOfIndex(i, salt), executionOf(i), options.executions);
  }
}

/** Executes `count` rows once more, spread over the table from row `from` on. */
export function touchDigests(table: DigestTable, count: number, from = 0): void {
  const step = Math.max(1, Math.floor(table.size / Math.max(1, count)));
  for (let i = 0; i < count; i += 1) table.touch((from + i * step) % table.size, executionOf(from + i));
}

const SHAPES: readonly ((table: string) => string)[] = [
  (t) => `SELECT id,cust,sku,qty,note FROM ${t} WHERE cust=? ORDER BY id DESC LIMIT ?`,
  (t) => `INSERT INTO ${t}(cust,sku,qty,note) VALUES (?,?,?,?)`,
  (t) => `SELECT COUNT(*),SUM(qty) FROM ${t} WHERE sku IN (?,?,?,...) AND created_at BETWEEN ? AND ?`,
  (t) => `UPDATE ${t} SET qty=qty-?,updated_at=NOW() WHERE id=? AND qty>=?`,
];

function textOf(index: number, length: number): string {
  const shape = cycle(SHAPES, index);
  const text = shape === undefined ? '' : shape(`orders_${index}`);
  return text.length < length ? `${text} AND attribute_${index} IN (`.padEnd(length, '?,') : text;
}

// Fibonacci hashing: spread over 64 bits without the cost of the real hash, which matters for 100,000 rows.
function digestOfIndex(index: number, salt: bigint): string {
  const hash = BigInt.asUintN(64, (BigInt(index + 1) + (salt << 32n)) * 0x9e37_79b9_7f4a_7c15n);
  return `0x${hash.toString(16).toUpperCase().padStart(16, '0')}`;
}

function executionOf(index: number): Execution {
  const write = index % 2 === 1;
  return { timeUs: 100 + ((index * 37) % 5000), rowsAffected: write ? 1 : 0, rowsSent: write ? 0 : index % 20 };
}

function cycle<T>(items: readonly T[], index: number): T | undefined {
  return items[index % items.length];
}
