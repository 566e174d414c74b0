import type { ConfigRow } from '../../../../domain/control/config-rows.ts';
import type { DesiredState } from '../../../../domain/control/desired-state.ts';
import { variableKey } from '../tables.ts';
import type { Notes } from './notes.ts';

/** Variables that somebody decided about, and those that stand for fields of the namespace. */
export function renderVariables({ namespace, variables }: DesiredState, notes: Notes): readonly ConfigRow[] {
  const values = new Map<string, string>();
  const derive = (field: 'slowSqlMs' | 'maxClientConnections', name: string) => {
    const value = namespace[field];
    if (value === null) return;
    const decided = variables.find((variable) => variable.name === name);
    if (decided === undefined) values.set(name, String(value));
    const subject = `namespace ${namespace.name}`;
    if (decided !== undefined && decided.value !== String(value)) {
      notes.add(subject, 'namespace', field, `${name} is decided by itself, and that goes before this field`);
    } else if (field === 'maxClientConnections') {
      notes.add(subject, 'namespace', field);
    }
  };
  derive('slowSqlMs', 'mysql-long_query_time');
  derive('maxClientConnections', 'mysql-max_connections');
  for (const { name, value } of variables) values.set(name, value);
  return [...values].map(([name, value]) => ({
    key: variableKey(name),
    fields: { variable_name: name, variable_value: value },
  }));
}
