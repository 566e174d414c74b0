import type { DatabaseSync } from 'node:sqlite';
import { inTransaction, readRows, runSql } from '../storage/sql.ts';
import type { ConfigModule, RuntimeTables } from './config-module.ts';
import { acceptedValue, VARIABLE_RULES } from './variable-rules.ts';

export const RUNTIME_VARIABLES = 'runtime_global_variables';

// Each node of a cluster has its own addresses; peers neither compare nor take these.
const OWN = /^(?:mysql-interfaces|mysql-threads|admin-version|admin-\w*(?:_ifaces|_port))$/;

/** The variables of one prefix: rows of global_variables in memory, checked one by one on their way to runtime. */
export function createVariableModule(
  db: DatabaseSync,
  name: 'admin_variables' | 'mysql_variables',
  initial: ReadonlyMap<string, string>,
): ConfigModule & { readonly values: Map<string, string> } {
  const prefix = name === 'admin_variables' ? 'admin-' : 'mysql-';
  const values = new Map(
    [...VARIABLE_RULES.values()]
      .filter((rule) => rule.name.startsWith(prefix))
      .map((rule) => [rule.name, initial.get(rule.name) ?? rule.value]),
  );
  const like = `variable_name LIKE '${prefix}%'`;
  const put = db.prepare('REPLACE INTO main.global_variables VALUES (?, ?)');
  const drop = db.prepare('DELETE FROM main.global_variables WHERE variable_name = ?');

  const rowsOf = (wanted: (variable: string) => boolean): RuntimeTables =>
    new Map([[RUNTIME_VARIABLES, [...values].filter(([variable]) => wanted(variable))]]);

  /** Unknown variables are dropped, refused values give way to the one in force, the rest is kept as it was written. */
  function loadRow(variable: string, wanted: string): void {
    const rule = VARIABLE_RULES.get(variable);
    const current = values.get(variable);
    if (rule === undefined || current === undefined) {
      drop.run(variable);
      return;
    }
    const accepted = wanted === current ? current : acceptedValue(rule, wanted);
    if (accepted === undefined) put.run(variable, current);
    else values.set(variable, accepted);
  }

  return {
    name,
    values,
    diskToMemory() {
      db.exec(`REPLACE INTO main.global_variables SELECT * FROM disk.global_variables WHERE ${like}`);
    },
    memoryToDisk: () =>
      runSql(db, `REPLACE INTO disk.global_variables SELECT * FROM main.global_variables WHERE ${like}`).changes,
    memoryToRuntime() {
      inTransaction(db, () => {
        for (const [variable, value] of readRows(db, `SELECT * FROM main.global_variables WHERE ${like}`)) {
          loadRow(String(variable), String(value));
        }
      });
    },
    runtimeToMemory() {
      inTransaction(db, () => {
        for (const [variable, value] of values) put.run(variable, value);
      });
    },
    adopt(tables) {
      inTransaction(db, () => {
        for (const [variable, value] of tables.get(RUNTIME_VARIABLES) ?? []) {
          if (values.has(String(variable)) && !OWN.test(String(variable))) put.run(String(variable), String(value));
        }
      });
    },
    runtime: () => rowsOf(() => true),
    shared: () => rowsOf((variable) => !OWN.test(variable)),
  };
}
