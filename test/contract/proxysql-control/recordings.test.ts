import { describe, expect, test } from '@jest/globals';
import { isSameValue } from '../../../layers/core/src/drivers/proxysql/control/same-value.ts';
import { joinHalves } from '../../../layers/core/src/drivers/proxysql/control/user-halves.ts';
import { VARIABLES } from '../../../layers/core/src/drivers/proxysql/control/variables/catalogue.ts';
import { MANAGEMENT, type Recorded } from '../lab-admin/recordings.ts';

/** What a ProxySQL 2.7.2 answered when it was asked, in the order of asking. */
const answerTo = (section: readonly Recorded[], sql: string) => section.find((one) => one.sql.startsWith(sql));
const recordsOf = ({ columns = [], rows = [] }: Recorded) =>
  rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i] ?? null])));

describe('a recorded ProxySQL', () => {
  test('split its users in two at runtime, which are one here', () => {
    const asked = 'SELECT username,password,active,frontend,backend FROM runtime_mysql_users';
    const halves = recordsOf(answerTo(MANAGEMENT.users, asked) ?? { sql: asked });
    expect(halves).toHaveLength(10);
    const users = joinHalves(halves);
    expect(users.map(({ key }) => key)).toEqual(
      ['t_plain', 't_hash', 't_native', 't_sha2', 't_sha2s'].map((name) => `["${name}"]`),
    );
    for (const { fields } of users) expect(fields).toMatchObject({ frontend: '1', backend: '1', halves: 'alike' });
    const passwords = new Map(users.map(({ fields }) => [fields.username, fields.password ?? null]));
    for (const name of ['t_native', 't_sha2', 't_sha2s']) {
      expect(isSameValue('users', 'password', passwords.get(name) ?? null, passwords.get('t_plain') ?? null)).toBe(
        true,
      );
    }
    expect(isSameValue('users', 'password', passwords.get('t_hash') ?? null, 'secret1')).toBe(false);
  });

  test('answers OK to what would be a transaction, and to statements that change nothing', () => {
    for (const sql of ['BEGIN', 'COMMIT', 'START TRANSACTION', 'ROLLBACK']) {
      expect(answerTo(MANAGEMENT.greeting_and_functions, sql)?.ok?.affectedRows).toBe(0);
    }
    expect(answerTo(MANAGEMENT.errors, 'UPDATE runtime_mysql_servers')?.ok).toBeDefined();
  });

  /** Each value that was written, and what runtime then showed. */
  const attempts = MANAGEMENT.variables.flatMap(({ sql }, at): [name: string, wanted: string, taken: string][] => {
    const [, set, setTo] = /^SET ([\w-]+)='?([^']*)'?$/.exec(sql) ?? [];
    const [, updatedTo, updated] =
      /^UPDATE global_variables SET variable_value='(.*)' WHERE variable_name='(.*)'$/.exec(sql) ?? [];
    const [name, wanted] = [set ?? updated, setTo ?? updatedTo];
    if (name === undefined || wanted === undefined) return [];
    const later = MANAGEMENT.variables.slice(at + 1);
    const loaded = later.findIndex((one) => one.sql.startsWith('LOAD '));
    const shown = later
      .slice(loaded + 1)
      .find(
        (one) =>
          /^(SET|UPDATE) /.test(one.sql) ||
          one.sql === `SELECT * FROM runtime_global_variables WHERE variable_name='${name}'`,
      );
    const value = shown?.rows?.[0]?.[1];
    return typeof value === 'string' ? [[name, wanted, value]] : [];
  });

  test('was asked to take values of all kinds', () => {
    expect(attempts.length).toBeGreaterThanOrEqual(8);
  });

  test.each(attempts)(
    'given %s = %s showed %s: what it does not take is known beforehand, or seen afterwards',
    (name, wanted, taken) => {
      const isTaken = isSameValue('variables', 'variable_value', wanted, taken);
      const needsRestart = VARIABLES.find(name)?.needsRestart === true;
      if (VARIABLES.problemOf(name, wanted) === undefined) expect(isTaken || needsRestart).toBe(true);
      else expect(isTaken).toBe(false);
    },
  );
});
