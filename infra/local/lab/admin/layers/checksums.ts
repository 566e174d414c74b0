import { sha1 } from '../passwords.ts';
import type { SqlRow } from '../storage/sql.ts';
import { MODULES, type ModuleName, type RuntimeTables } from './config-module.ts';

export interface Checksum {
  /** 1 since the start of the process, one more with each LOAD. */
  readonly version: number;
  /** Second in which this content was first loaded, here or on the peer it came from. */
  readonly epoch: number;
  readonly checksum: string;
}

export interface Checksums {
  get(module: ModuleName): Checksum;
  /** Counts a LOAD. */
  moved(module: ModuleName, content: RuntimeTables, epoch: number): void;
  /** Rows of runtime_checksums_values. */
  rows(): readonly (readonly (string | number)[])[];
}

export function createChecksums(): Checksums {
  const current = new Map<ModuleName, Checksum>();
  const get = (module: ModuleName): Checksum =>
    current.get(module) ?? { version: 0, epoch: 0, checksum: checksumOf([]) };
  const row = (name: string, { version, epoch, checksum }: Checksum) => [name, version, epoch, checksum];
  return {
    get,
    moved(module, content, epoch) {
      const rows = [...content].flatMap(([table, tableRows]) => tableRows.map((values) => [table, ...values]));
      current.set(module, { version: get(module).version + 1, epoch, checksum: checksumOf(rows) });
    },
    rows: () => [...MODULES.map((module) => row(module, get(module))), row('mysql_servers_v2', get('mysql_servers'))],
  };
}

/** 64 bits over the rows, whatever their order; zero for none, as ProxySQL has it. */
export function checksumOf(rows: readonly SqlRow[]): string {
  if (rows.length === 0) return `0x${'0'.repeat(16)}`;
  const texts = rows.map((row) => JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? `${value}` : value)));
  const hash = sha1(Buffer.from(texts.sort().join('\n')));
  return `0x${hash.toString('hex', 0, 8).toUpperCase()}`;
}
