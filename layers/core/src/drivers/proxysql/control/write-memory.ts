import {
  type ConfigModule,
  type ConfigTable,
  type LayerRows,
  MODULE_OF,
  type RowWrite,
} from '../../../domain/control/config-rows.ts';
import { errorCodeOf, messageOf, ProxywatchError } from '../../../domain/errors.ts';
import type { Command, Query } from '../cells.ts';
import { toProxywatchError } from '../client-errors.ts';
import { cancellationOf } from '../deadline.ts';
import { type ColumnsOf, configRows, fetchTable } from './fetch-config.ts';
import { type Memory, type MemoryTable, planWrites, type WritePlan } from './plan-writes.ts';
import { KEYS_PER_STATEMENT } from './row-statements.ts';
import { tablesOf } from './tables.ts';

export interface MemoryAccess {
  readonly query: Query;
  readonly command: Command;
  readonly columnsOf: ColumnsOf;
  /** Looked at between statements: what has begun is taken back before the call rejects. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * All writes or none of them. The admin interface answers OK to BEGIN and ROLLBACK and that is all they do, so what was
 * changed is put back from what was read before, statement by statement; the error says whether that worked.
 */
export async function writeMemory(access: MemoryAccess, writes: readonly RowWrite[]): Promise<void> {
  const keys = new Map<ConfigTable, Set<string>>();
  for (const write of writes) {
    const touched = keys.get(write.table) ?? new Set();
    keys.set(write.table, touched.add(write.kind === 'put' ? write.row.key : write.key));
  }
  await carryOut(access, planWrites(await readMemory(access, [...keys.keys()], keys), writes));
}

/** Makes the module's tables exactly these rows; variables, which nobody can add or delete, get these values. */
export async function replaceMemory(access: MemoryAccess, module: ConfigModule, rows: LayerRows): Promise<void> {
  const memory = await readMemory(access, tablesOf([module]));
  await carryOut(access, planWrites(memory, replacement(memory, module, rows)));
}

/** Whole tables, or rows of some keys where they are few. */
async function readMemory(
  { query, columnsOf }: MemoryAccess,
  tables: readonly ConfigTable[],
  keys?: ReadonlyMap<ConfigTable, ReadonlySet<string>>,
): Promise<Memory> {
  const memory = new Map<ConfigTable, MemoryTable>();
  for (const table of tables) {
    const touched = [...(keys?.get(table) ?? [])];
    const isFew = touched.length > 0 && touched.length <= KEYS_PER_STATEMENT;
    memory.set(table, {
      columns: await columnsOf(query, table),
      rows: await fetchTable(query, columnsOf, table, 'memory', isFew ? touched : undefined),
    });
  }
  return memory;
}

function replacement(memory: Memory, module: ConfigModule, rows: LayerRows): readonly RowWrite[] {
  const strangers = Object.keys(rows).filter((table) => MODULE_OF[table as ConfigTable] !== module);
  if (strangers.length > 0) {
    throw new ProxywatchError('PROXY_STATEMENT', `rows of ${strangers.join(', ')} are none of module ${module}`);
  }
  return tablesOf([module]).flatMap((table): RowWrite[] => {
    const wanted = rows[table];
    // Without a word about a table nobody wants it empty.
    if (wanted === undefined) return [];
    const kept = new Set(wanted.map(({ key }) => key));
    const held = table === 'variables' ? [] : configRows(table, memory.get(table)?.rows ?? []);
    return [
      ...held.filter(({ key }) => !kept.has(key)).map(({ key }) => ({ kind: 'delete' as const, table, key })),
      ...wanted.map((row) => ({ kind: 'put' as const, table, row })),
    ];
  });
}

async function carryOut({ command, signal }: MemoryAccess, { statements, undo }: WritePlan): Promise<void> {
  let done = 0;
  try {
    for (const statement of statements) {
      if (signal?.aborted) throw cancellationOf(signal, 'a change of memory');
      await command(statement);
      done++;
    }
  } catch (error) {
    if (done === 0 && isRefusal(error)) throw error;
    throw explained(error, await takeBack(command, undo, isRefusal(error) || signal?.aborted === true));
  }
}

/** In words, what memory holds after a failure. */
async function takeBack(command: Command, undo: readonly string[], isUsable: boolean): Promise<string> {
  if (!isUsable) return 'memory may hold a part of the change, since the connection is lost';
  try {
    for (const statement of undo) await command(statement);
    return 'memory was put back as it was';
  } catch (error) {
    return `memory holds a part of the change, since it could not be put back: ${messageOf(error)}`;
  }
}

const isRefusal = (error: unknown): boolean => errorCodeOf(error) === 'PROXY_STATEMENT';

function explained(error: unknown, outcome: string): ProxywatchError {
  const { code, message } = toProxywatchError(error, 'statement');
  return new ProxywatchError(code, `${message}; ${outcome}`, { cause: error });
}
