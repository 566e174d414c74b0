import { beforeEach, describe, expect, test } from '@jest/globals';
import type { DigestCounters } from '@proxywatch/core/domain/digests/digest-read';
import { Accounts } from '../../chaos/oracle/accounts.ts';
import { Ledger } from '../../chaos/oracle/ledger.ts';
import { parseSqlAnswer, type SqlAnswer } from '../../chaos/oracle/sql-answer.ts';
import { Witness } from '../../chaos/oracle/witness.ts';

const counters = (executions: number): DigestCounters => ({ executions, timeUs: 0, rowsAffected: 0, rowsSent: 0 });
/** Executions by digest; what is in no digest of these is the remainder's. */
function answer(total: number, digests: Readonly<Record<string, number>> = {}): SqlAnswer {
  const named = Object.entries(digests).map(([digest, n]) => [`digest="${digest}"`, counters(n)] as const);
  const other = total - Object.values(digests).reduce((sum, n) => sum + n, 0);
  return { totals: counters(total), series: new Map([...named, ['digest="__other__"', counters(other)]]) };
}

const kinds: string[] = [];
const violate = (kind: string) => kinds.push(kind);
beforeEach(() => {
  kinds.length = 0;
});

describe('what anybody was answered', () => {
  let ran: number;
  let witness: Witness;
  beforeEach(() => {
    ran = 100;
    witness = new Witness({ truthOf: () => counters(ran), violate });
  });
  const hear = (given: SqlAnswer | undefined) => witness.hear(witness.ask('p', 'g'), given);

  test('may rise, stay and be missing', () => {
    hear(answer(10, { a: 4 }));
    hear(undefined);
    hear(answer(10, { a: 4 }));
    hear(answer(12, { a: 4 }));
    expect(kinds).toEqual([]);
    expect(witness.shown('p')).toEqual(counters(12));
  });

  test.each([
    ['a total', answer(9, { a: 4 })],
    ['a series', answer(10, { a: 3 })],
  ])('is held against an answer in which %s falls', (_, fallen) => {
    hear(answer(10, { a: 4 }));
    hear(fallen);
    expect(kinds).toContain('fell p');
  });

  test('is not held against an answer that was asked for before', () => {
    const early = witness.ask('p', 'g');
    hear(answer(10, { a: 4 }));
    witness.hear(early, answer(9, { a: 4 }));
    expect(kinds).toEqual([]);
    hear(answer(9, { a: 4 }));
    expect(kinds).toContain('fell p');
  });

  test('must have run', () => {
    hear(answer(ran + 1));
    expect(kinds).toEqual(['excess p']);
  });

  test('sums to the total, with what series that left showed last', () => {
    hear(answer(10, { a: 4, b: 6 }));
    hear({
      totals: counters(11),
      series: new Map([
        ['digest="b"', counters(7)],
        ['digest="__other__"', counters(0)],
      ]),
    });
    expect(kinds).toEqual([]);
    hear({ totals: counters(12), series: new Map([['digest="b"', counters(7)]]) });
    expect(kinds).toEqual(['sum p']);
  });
});

describe('what a Prometheus stores', () => {
  test('are samples in the order of their scrapes, and a fall among them is told', () => {
    const falls: string[] = [];
    const ledger = new Ledger((what) => falls.push(what));
    ledger.store('p', 1, answer(10, { a: 4 }));
    ledger.store('p', 3, answer(12, { a: 5 }));
    ledger.store('p', 2, answer(11, { a: 4 }));
    expect(ledger.stored('p')).toMatchObject({ totals: counters(12), scrapesMs: [1, 3] });
    expect(falls).toEqual([]);
    ledger.store('p', 4, answer(11, { a: 5 }));
    expect(falls).toEqual(['executions of p all: 12 → 11', 'executions of digest="__other__": 7 → 6']);
  });
});

describe('accounts', () => {
  const truth = (a: number) => ({ total: counters(a), byDigest: new Map([['a', counters(a)]]) });
  const stored = (a: number) => ({ totals: counters(a), series: new Map([['digest="a"', counters(a)]]) });

  test('balance to the execution', () => {
    const accounts = new Accounts(violate);
    expect(accounts.compare('p', truth(10), stored(10))).toBe(true);
    expect(accounts.compare('p', truth(10), stored(9))).toBe(false);
    expect(kinds).toEqual(['total p']);
  });

  test('excuse what nobody had read before a reset, and remember how much it was', () => {
    const accounts = new Accounts(violate);
    accounts.noteReset('p', counters(10), counters(7));
    expect(accounts.compare('p', truth(20), stored(18))).toBe(true);
    expect(accounts.compare('p', truth(25), stored(23))).toBe(true);
    expect(accounts.compare('p', truth(25), stored(22))).toBe(false);
  });

  test('excuse no more than that, and no excess', () => {
    const accounts = new Accounts(violate);
    accounts.noteReset('p', counters(10), counters(7));
    expect(accounts.compare('p', truth(20), stored(16))).toBe(false);
    expect(accounts.compare('q', truth(20), stored(21))).toBe(false);
  });

  test('look at each digest where all are named', () => {
    const swapped = new Map([['digest="b"', counters(10)]]);
    expect(new Accounts(violate).compare('p', truth(10), { totals: counters(10), series: swapped })).toBe(false);
    expect(kinds).toEqual(['digest p']);
  });
});

describe('an exposition', () => {
  const text = [
    '# TYPE dbproxy_up gauge',
    'dbproxy_up{proxy="p"} 1',
    'dbproxy_sql_all_executions_total{proxy="p"} 7',
    'dbproxy_sql_all_duration_seconds_total{proxy="p"} 0.000012',
    'dbproxy_sql_executions_total{proxy="p",digest="0x1"} 7',
    'dbproxy_sql_duration_seconds_total{proxy="p",digest="0x1"} 0.000012',
    'dbproxy_sql_digest_info{proxy="p",digest="0x1",digest_text="} 9"} 1',
    '',
  ];

  test('is read as counters by label set', () => {
    const seven = { ...counters(7), timeUs: 12 };
    expect(parseSqlAnswer(text.join('\n'))).toEqual({
      totals: seven,
      series: new Map([['proxy="p",digest="0x1"', seven]]),
    });
  });

  test('is no answer without statistics', () => {
    expect(parseSqlAnswer(text.slice(0, 2).join('\n'))).toBeUndefined();
  });
});
