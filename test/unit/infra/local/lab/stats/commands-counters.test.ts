import { describe, expect, test } from '@jest/globals';
import { CommandsCounters, commandOf } from '../../../../../../infra/local/lab/stats/commands-counters.ts';
import { fakeLabClock } from '../../../../../support/fake-lab-clock.ts';

describe('the command of a statement', () => {
  test.each([
    ['SELECT n FROM stock WHERE sku=? FOR UPDATE', 'SELECT'],
    ['(select ?) UNION (select ?)', 'SELECT'],
    ['START TRANSACTION', 'START_TRANSACTION'],
    ['begin', 'BEGIN'],
    ['CREATE TABLE x(id int)', 'CREATE_TABLE'],
    ['LOCK TABLES x WRITE', 'LOCK_TABLE'],
    ['UNLOCK TABLES', 'UNLOCK_TABLES'],
    ['SHOW TABLES', 'SHOW'],
    ['SELEC ?', 'UNKNOWN'],
    ['', 'UNKNOWN'],
  ])('%j counts as %s', (text, command) => {
    expect(commandOf(text)).toBe(command);
  });
});

describe('the counters of commands', () => {
  const row = (counters: CommandsCounters, command: string) => [...counters.rows()].find(([name]) => name === command);

  test('fall into one latency bucket each, upper bounds included', () => {
    const clock = fakeLabClock();
    const counters = new CommandsCounters(clock);
    for (const timeUs of [0, 100, 101, 1000, 9_000_000, 60_000_000]) counters.record('SELECT', timeUs);
    clock.advance(2000);
    expect(row(counters, 'SELECT')).toEqual(['SELECT', 69_001_201, 6, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
  });

  test('are shown about two seconds late', () => {
    const clock = fakeLabClock();
    const counters = new CommandsCounters(clock);
    counters.record('INSERT', 50);
    clock.advance(1999);
    counters.record('INSERT', 50);
    expect(row(counters, 'INSERT')?.[2]).toBe(0);
    clock.advance(1);
    expect(row(counters, 'INSERT')?.[2]).toBe(2);
    counters.record('INSERT', 50);
    expect(row(counters, 'INSERT')?.[2]).toBe(2);
  });

  test('list every command, those never run included', () => {
    const names = [...new CommandsCounters(fakeLabClock()).rows()].map(([name]) => name);
    expect(names).toEqual(expect.arrayContaining(['SELECT', 'TRUNCATE_TABLE', 'UNKNOWN']));
    expect(new Set(names).size).toBe(names.length);
  });
});
