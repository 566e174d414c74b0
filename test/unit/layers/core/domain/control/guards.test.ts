import { describe, expect, test } from '@jest/globals';
import { massDeletes } from '../../../../../../layers/core/src/domain/control/blast-radius.ts';
import {
  DEFAULT_HEALTH_LIMITS,
  type HealthFigures,
  healthProblems,
} from '../../../../../../layers/core/src/domain/control/health.ts';
import type { RowChange } from '../../../../../../layers/core/src/domain/control/row-diff.ts';

const rows = (count: number) => Array.from({ length: count }, (_, i) => ({ key: `k${i}`, fields: {} }));
const deletes = (count: number, table: RowChange['table'] = 'rules'): RowChange[] =>
  rows(count).map((row) => ({ kind: 'delete', table, row }));

describe('deleting', () => {
  test.each([
    [2, 5, []],
    [3, 30, []],
    [4, 30, ['4 of 30 rows of rules would be deleted']],
    [3, 3, ['3 of 3 rows of rules would be deleted']],
  ])('%i of %i rows', (count, total, problems) => {
    expect(massDeletes(deletes(count), { rules: rows(total) })).toEqual(problems);
  });

  test('the last user or server is never a matter of course', () => {
    expect(massDeletes(deletes(1, 'users'), { users: rows(1) })).toEqual(['all 1 rows of users would be deleted']);
    expect(massDeletes(deletes(1, 'rules'), { rules: rows(1) })).toEqual([]);
  });

  test('a row for another that comes in its place is none too many', () => {
    const add: RowChange = { kind: 'add', table: 'servers', row: { key: 'new', fields: {} } };
    expect(massDeletes([...deletes(1, 'servers'), add], { servers: rows(1) })).toEqual([]);
  });
});

describe('a proxy after a change', () => {
  const server = (status: string) => ({ hostgroup: '10', host: 'db-1', port: 3306, status });
  const before: HealthFigures = {
    uptimeS: 1_000,
    accessDenied: 0,
    backendConnectionsFailed: 0,
    backendErrors: 1_000,
    servers: [server('ONLINE')],
  };
  const judge = (now: Partial<HealthFigures>) =>
    healthProblems(before, { ...before, uptimeS: 1_010, ...now }, DEFAULT_HEALTH_LIMITS);

  test('that fares as before is healthy', () => {
    expect(judge({ accessDenied: 5, backendErrors: 1_025 })).toEqual([]);
  });

  test.each([
    [{ accessDenied: 6 }, 'clients were denied access 6 times in 10 s, 5 are allowed'],
    [{ backendConnectionsFailed: 6 }, 'connections to back ends failed 6 times in 10 s, 5 are allowed'],
    // One error a second was usual: three times that is.
    [{ backendErrors: 1_031 }, 'back ends answered with errors 31 times in 10 s, 30 are allowed'],
    [{ servers: [server('SHUNNED')] }, 'server db-1:3306 in hostgroup 10 was ONLINE and is SHUNNED'],
    [{ uptimeS: 3 }, 'it started anew during the change'],
  ])('is not: %j', (now, problem) => {
    expect(judge(now)).toEqual([problem]);
  });

  test('may lack a server that the change took out', () => {
    expect(judge({ servers: [] })).toEqual([]);
  });
});
