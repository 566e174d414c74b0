import type { RowWrite } from '../../../domain/control/config-rows.ts';
import { malformed, type Query, textOf } from '../cells.ts';
import { partsOfKey } from './tables.ts';

/** ProxySQL loads and saves its variables in two parts, told apart by the names' beginnings. */
export const VARIABLE_MODULES = ['MYSQL', 'ADMIN'] as const;
export type VariableModule = (typeof VARIABLE_MODULES)[number];

const PREFIX_LENGTH = 6;
const BY_PREFIX: ReadonlyMap<string, VariableModule> = new Map([
  ['mysql-', 'MYSQL'],
  ['admin-', 'ADMIN'],
]);

/** The parts that these writes touch. */
export function touchedModules(writes: readonly RowWrite[]): ReadonlySet<VariableModule> {
  const touched = new Set<VariableModule>();
  for (const write of writes) {
    if (write.table !== 'variables') continue;
    const [name = ''] = partsOfKey('variables', write.kind === 'put' ? write.row.key : write.key);
    const module = BY_PREFIX.get(name.slice(0, PREFIX_LENGTH));
    if (module !== undefined) touched.add(module);
  }
  return touched;
}

/** The parts in which memory differs from the layer that it is about to be copied to. */
export async function fetchDifferingModules(
  query: Query,
  layer: 'runtime_global_variables' | 'disk.global_variables',
): Promise<ReadonlySet<VariableModule>> {
  const columns = 'variable_name,variable_value';
  const rows = await query(
    `SELECT DISTINCT substr(variable_name,1,${PREFIX_LENGTH}) FROM ` +
      `(SELECT ${columns} FROM global_variables EXCEPT SELECT ${columns} FROM ${layer})`,
  );
  const modules = new Set<VariableModule>();
  for (const row of rows) {
    if (row.length !== 1) throw malformed(`a row of variables has ${row.length} columns`);
    const module = BY_PREFIX.get(textOf(row, 0));
    if (module !== undefined) modules.add(module);
  }
  return modules;
}
