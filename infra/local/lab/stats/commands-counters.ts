import type { Row } from '../contract.ts';
import type { LabClock } from './clock.ts';
import { LaggedCounters } from './lagged-counters.ts';

/** Upper bounds of the latency buckets in microseconds, as the columns cnt_100us … cnt_INFs. */
const BUCKETS_US = [100, 500, 1e3, 5e3, 1e4, 5e4, 1e5, 5e5, 1e6, 5e6, 1e7, Number.POSITIVE_INFINITY];
const TOTAL_TIME = 0;
const TOTAL_COUNT = 1;
const FIRST_BUCKET = 2;

// Pairs of words that make one command; any other statement is known by its first word.
const TWO_WORDS = new Set(
  `ALTER_TABLE ALTER_VIEW ANALYZE_TABLE CHANGE_MASTER CREATE_DATABASE CREATE_INDEX CREATE_TABLE CREATE_TEMPORARY
  CREATE_TRIGGER CREATE_USER CREATE_VIEW DROP_DATABASE DROP_INDEX DROP_TABLE DROP_TRIGGER DROP_USER DROP_VIEW
  LOCK_TABLE RELEASE_SAVEPOINT RENAME_TABLE RESET_MASTER RESET_SLAVE ROLLBACK_SAVEPOINT SHOW_TABLE_STATUS
  START_TRANSACTION TRUNCATE_TABLE UNLOCK_TABLES`.split(/\s+/),
);
const ONE_WORD = new Set(
  `BEGIN CALL COMMIT DEALLOCATE DELETE DESCRIBE EXECUTE EXPLAIN FLUSH GRANT INSERT KILL LOAD OPTIMIZE PREPARE PURGE
  REPLACE REVOKE ROLLBACK SAVEPOINT SELECT SELECT_FOR_UPDATE SET SHOW UPDATE USE`.split(/\s+/),
);
const COMMANDS = [...TWO_WORDS, ...ONE_WORD].sort().concat('UNKNOWN');

/** Which row of `stats_mysql_commands_counters` a statement counts in; locking reads are SELECT, as recorded. */
export function commandOf(digestText: string): string {
  const [, first = '', second = ''] = /^[\s(]*([A-Za-z]+)(?:\s+([A-Za-z]+))?/.exec(digestText) ?? [];
  const word = first.toUpperCase();
  const pair = `${word}_${second.toUpperCase().replace(/^TABLES$/, word === 'LOCK' ? 'TABLE' : 'TABLES')}`;
  if (TWO_WORDS.has(pair)) return pair;
  return ONE_WORD.has(word) ? word : 'UNKNOWN';
}

export class CommandsCounters {
  readonly #counters: LaggedCounters<string>;

  constructor(clock: LabClock) {
    this.#counters = new LaggedCounters(clock, FIRST_BUCKET + BUCKETS_US.length);
  }

  record(command: string, timeUs: number): void {
    this.#counters.add(command, TOTAL_TIME, timeUs);
    this.#counters.add(command, TOTAL_COUNT, 1);
    this.#counters.add(command, FIRST_BUCKET + BUCKETS_US.findIndex((bound) => timeUs <= bound), 1);
  }

  *rows(): Generator<Row> {
    for (const command of COMMANDS) yield [command, ...this.#counters.shown(command)];
  }

  clear(): void {
    this.#counters.clear();
  }
}
