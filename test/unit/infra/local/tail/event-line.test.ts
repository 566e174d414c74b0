import { describe, expect, test } from '@jest/globals';
import { eventLine } from '../../../../../infra/local/tail/event-line.ts';

/** The local time of these events, which depends on where the test runs. */
const AT = '2026-11-23T12:00:01.250Z';
const TIME = new Date(AT).toTimeString().slice(0, 8);

const base = { eventId: 'e', proxy: 'shop-1', namespace: 'shop', observedAt: AT };
const slowSql = {
  ...base,
  schema: 'proxywatch.slow-sql.v1',
  startedAt: AT,
  durationUs: 1_512_000,
  isExact: true,
  user: 'app',
  schemaName: 'orders',
  text: 'SELECT SLEEP(?)',
};
const lineOf = (event: object, options = {}) => eventLine(JSON.stringify(event), options);

describe('an event for a person', () => {
  test.each([
    ['a slow statement', slowSql, 'shop-1        app@orders               1.5 s  SELECT SLEEP(?)'],
    [
      'one that was seen running',
      { ...slowSql, isExact: false, durationUs: 130e6 },
      'shop-1        app@orders              >2 min  SELECT SLEEP(?)',
    ],
    [
      'one of which only the digest is known',
      { ...slowSql, user: undefined, schemaName: undefined, text: undefined, digest: '0x1F' },
      'shop-1        ?@?                      1.5 s  0x1F',
    ],
    [
      'a slow transaction',
      {
        ...base,
        schema: 'proxywatch.slow-transactions.v1',
        startedAt: AT,
        durationMs: 12_000,
        state: 'open',
        idleMs: 3_000,
        user: 'app',
        schemaName: 'orders',
        statement: 'UPDATE t SET a = ?',
      },
      'shop-1        app@orders                12 s  open    idle 3.0 s  UPDATE t SET a = ?',
    ],
    [
      'a key log',
      {
        ...base,
        schema: 'proxywatch.key-logs.v1',
        happenedAt: AT,
        severity: 'warning',
        event: 'restart',
        message: 'the proxy restarted',
        detail: {},
      },
      'shop-1        warning  restart  the proxy restarted',
    ],
    [
      'one of another kind',
      { ...base, schema: 'proxywatch.sql-errors.v1', errno: 1146 },
      'shop-1        {"errno":1146}',
    ],
  ])('is one line: %s', (_, event, line) => {
    expect(lineOf(event)).toBe(`${TIME}.250  ${line}`);
  });

  test('is cut to the width of the terminal, between characters', () => {
    const line = lineOf({ ...slowSql, text: 'ä🦊'.repeat(500) }, { columns: 80 });
    expect([...line]).toHaveLength(80);
    expect(line).toMatch(/(ä🦊)+ä?…$/);
    expect(lineOf(slowSql, { columns: 5 })).toContain('SELECT SLEEP(?)');
  });

  test('never moves the cursor, rings or colours by itself: line breaks and controls are shown', () => {
    const line = lineOf({ ...slowSql, user: 'a\u001b]0;x\u0007', text: 'SELECT\r\n\t1\u001b[2J\u202e\u0000' });
    expect(line).toContain('a·]0;x·@orders');
    expect(line).toContain('SELECT 1·[2J··');
  });

  test('is coloured where it is asked to be', () => {
    expect(lineOf(slowSql)).not.toContain('\u001b');
    const line = lineOf(slowSql, { isColoured: true, columns: 70 });
    expect(line).toContain('\u001b[33m   1.5 s\u001b[0m');
    expect(lineOf({ ...slowSql, durationUs: 11e6 }, { isColoured: true })).toContain('\u001b[31m    11 s\u001b[0m');
  });

  test.each([['nonsense'], ['null'], ['{"schema":"proxywatch.slow-sql.v1","startedAt":7}'], ['{}']])(
    'is shown as far as it can be read: %s',
    (value) => {
      expect(eventLine(value)).toEqual(expect.any(String));
    },
  );
});
