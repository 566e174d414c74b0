import type { UserName } from '../backend-users.ts';
import { TABLES } from '../schemas.ts';
import { type Shape, shape } from './work-unit.ts';

const USERS: readonly UserName[] = ['app_ro', 'batch', 'app_rw'];

/**
 * The n-th of as many different reports as one wants, as an ORM writes them: another table, choice of columns and order
 * each time, and beyond those another alias. No two have the same digest.
 */
export function reportShape(n: number): Shape {
  const table = TABLES[n % TABLES.length];
  if (table === undefined) throw new RangeError(`no report ${n}`);
  const { schema, name, columns } = table;
  const choices = 2 ** columns.length - 1;
  const m = Math.floor(n / TABLES.length);
  const chosen = columns.filter((_, i) => ((m % choices) + 1) & (1 << i));
  const order = columns[Math.floor(m / choices) % columns.length];
  const round = Math.floor(m / (choices * columns.length));
  const alias = round === 0 ? 't' : `t_${letters(round)}`;
  const user = USERS[n % USERS.length] ?? 'app_ro';
  return shape(
    user,
    schema,
    (random) =>
      `SELECT ${chosen.map((column) => `${alias}.${column}`).join(', ')} FROM ${name} ${alias} ORDER BY ${alias}.${order} LIMIT ${random.between(1, 20)}`,
  );
}

/** Letters only: some proxies replace digits in names. */
function letters(n: number): string {
  return n === 0 ? '' : `${letters(Math.floor(n / 26))}${String.fromCharCode(97 + (n % 26))}`;
}
