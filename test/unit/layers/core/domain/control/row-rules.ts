import type { RowRules } from '../../../../../../layers/core/src/domain/control/row-rules.ts';

/** Rules of a kind that has no peculiarities but a secret, and SHUNNED servers. */
export const PLAIN_RULES: RowRules = {
  isSame: (_table, _field, wanted, found) => wanted === found,
  isOwn: (table, key) => table === 'rules' && key.startsWith('own'),
  isSecret: (_table, _key, field) => field === 'password',
  isMonitored: (table, field, _memory, runtime) => table === 'servers' && field === 'status' && runtime === 'SHUNNED',
  isAbsenceExpected: (_table, key, memory) => memory.users?.find((row) => row.key === key)?.fields.active === '0',
  nameOf: (table, key) => `${table} ${key}`,
};
