import { type Kysely, type RawBuilder, sql } from 'kysely';

/*
 * What the scanner writes. Partitioned by day over the time that a row is about; a unique key of such a table must contain
 * that time. A partition holds the times after one midnight up to and including the next one, like every interval of
 * sql_stats: hence the millisecond in its bound. `pmax` takes what no daily partition was made for yet.
 */
const NAME = sql`varchar(128) character set utf8mb4 collate utf8mb4_bin`;
const DIGEST = sql`varchar(64) character set ascii collate ascii_bin`;
const ADDRESS = sql`varchar(255) character set utf8mb4 collate utf8mb4_bin`;
const EVENT_ID = sql`char(32) character set ascii collate ascii_bin`;
const WORD = sql`varchar(32) character set ascii collate ascii_bin`;
const TABLE = sql`engine = InnoDB default character set utf8mb4 collate utf8mb4_unicode_ci`;

const EVENT = sql`
      proxy ${NAME} not null comment 'the proxy it is about',
      event_id ${EVENT_ID} not null comment 'names what happened: the same event has the same id however often it is read',
      namespace ${NAME} not null comment 'namespace of the proxy when it was read',
      observed_at datetime(3) not null comment 'UTC, when it was read',`;
const IS_CUT = sql`is_cut tinyint(1) not null default 0 comment '1: a text was cut, or a number clamped, to fit in'`;
const SUMS = sql`
      executions bigint unsigned not null comment 'how often it ran in the interval',
      time_us bigint unsigned not null comment 'time that these took, microseconds',
      rows_sent bigint unsigned not null comment 'rows that these returned',
      rows_affected bigint unsigned not null comment 'rows that these changed',
      min_time_us bigint unsigned null comment 'shortest execution since the proxy has the digest, microseconds; null: not known',
      max_time_us bigint unsigned null comment 'longest execution since the proxy has the digest, microseconds; null: not known',`;
const STATS_KEY = sql`
      proxy ${NAME} not null comment 'the proxy that ran it',
      to_at datetime(3) not null comment 'UTC, end of the interval, which belongs to it',
      series_id bigint unsigned not null comment 'what ran: sql_series.id',`;

function byDay(column: string): RawBuilder<unknown> {
  return sql`${TABLE} partition by range columns (${sql.ref(column)}) (partition pmax values less than (maxvalue))`;
}

export async function up(db: Kysely<unknown>): Promise<void> {
  await createStatistics(db);
  await createNames(db);
  await createEvents(db);
  await createUpkeep(db);
}

async function createStatistics(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table if not exists sql_stats (${STATS_KEY}
      from_at datetime(3) not null comment 'UTC, begin of the interval, which does not belong to it',${SUMS}
      primary key (proxy, to_at, series_id)
    ) comment 'what each digest ran between two reads of a proxy' ${byDay('to_at')}`.execute(db);
  for (const level of ['hour', 'day'] as const) {
    await sql`
      create table if not exists ${sql.table(`sql_stats_${level}`)} (${STATS_KEY}${SUMS}
        primary key (proxy, to_at, series_id)
      ) comment ${sql.lit(`sql_stats summed up by ${level}`)} ${byDay('to_at')}`.execute(db);
  }
}

async function createNames(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table if not exists sql_series (
      id bigint unsigned not null comment 'hash of the other names',
      namespace ${NAME} not null comment 'namespace of the proxies that run it',
      digest ${DIGEST} not null comment 'as the proxy prints it; empty: the rest, which has no rows of its own',
      hostgroup ${NAME} not null comment 'where it was sent',
      schema_name ${NAME} not null comment 'default schema of its sessions',
      user_name ${NAME} not null comment 'who ran it',
      first_seen_at datetime(3) not null comment 'UTC, end of the first interval in which it ran',
      last_seen_at datetime(3) not null comment 'UTC, one of the last day on which it ran',
      primary key (id),
      key sql_series_by_last_seen (last_seen_at),
      key sql_series_by_digest (digest)
    ) ${TABLE} comment 'what rows of sql_stats are about'`.execute(db);

  await sql`
    create table if not exists sql_digests (
      digest ${DIGEST} not null comment 'as the proxy prints it',
      text text null comment 'the statement with its literals replaced; null: no read has brought it',
      first_seen_at datetime(3) not null comment 'UTC, end of the first interval in which it ran',
      last_seen_at datetime(3) not null comment 'UTC, one of the last day on which it ran',
      primary key (digest),
      key sql_digests_by_last_seen (last_seen_at)
    ) ${TABLE} comment 'text of each digest'`.execute(db);
}

async function createEvents(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table if not exists sql_errors (${EVENT}
      from_at datetime(3) not null comment 'UTC, begin of the interval',
      to_at datetime(3) not null comment 'UTC, end of the interval',
      source ${WORD} not null comment 'backend: with its details; detailLost: counted, but its details were lost; frontend: a client was refused',
      errno int unsigned not null comment 'error number of MySQL',
      error_count bigint unsigned not null comment 'how often in the interval',
      hostgroup ${NAME} null comment 'where the statement was sent',
      server ${ADDRESS} null comment 'host:port of the back end',
      user_name ${NAME} null comment 'who ran it',
      schema_name ${NAME} null comment 'default schema of the session',
      client_address ${ADDRESS} null comment 'where the client is',
      last_error text null comment 'the latest message, masked unless literals are allowed',
      ${IS_CUT},
      primary key (proxy, to_at, event_id)
    ) comment 'errors of one kind that came up between two reads' ${byDay('to_at')}`.execute(db);

  await sql`
    create table if not exists slow_sql (${EVENT}
      started_at datetime(3) not null comment 'UTC, when it began; of an inferred one the earliest that it can have',
      source ${WORD} not null comment 'event: recorded by the proxy; inferred: the longest time of its digest rose; seen: it was seen running',
      duration_us bigint unsigned not null comment 'how long it took, microseconds',
      is_exact tinyint(1) not null comment '1: it took exactly so long; 0: at least',
      digest ${DIGEST} null comment 'as the proxy prints it',
      text text null comment 'the statement, masked unless literals are allowed',
      hostgroup ${NAME} null comment 'where it was sent',
      schema_name ${NAME} null comment 'default schema of the session',
      user_name ${NAME} null comment 'who ran it',
      server ${ADDRESS} null comment 'host:port of the back end',
      client_address ${ADDRESS} null comment 'where the client is',
      rows_sent bigint unsigned null comment 'rows that it returned',
      rows_affected bigint unsigned null comment 'rows that it changed',
      errno int unsigned null comment 'error number of MySQL; 0: none',
      ${IS_CUT},
      primary key (proxy, started_at, event_id),
      key slow_sql_by_event (event_id)
    ) comment 'statements that took long' ${byDay('started_at')}`.execute(db);

  await sql`
    create table if not exists slow_transactions (${EVENT}
      started_at datetime(3) not null comment 'UTC, when it began',
      version int unsigned not null comment 'rises while it lasts; the row holds the newest',
      state ${WORD} not null comment 'open or closed',
      duration_ms bigint unsigned not null comment 'how long so far, or in all',
      session_id ${NAME} not null comment 'the session at the proxy',
      user_name ${NAME} not null comment 'who ran it',
      schema_name ${NAME} not null comment 'default schema of the session',
      hostgroup ${NAME} not null comment 'where it is sent',
      server ${ADDRESS} null comment 'host:port of the back end',
      client_address ${ADDRESS} null comment 'where the client is',
      statement text null comment 'what ran at the latest sample, masked unless literals are allowed',
      idle_ms bigint unsigned null comment 'how long the session had been asleep within it at the latest sample',
      ${IS_CUT},
      primary key (proxy, started_at, event_id),
      key slow_transactions_by_event (event_id)
    ) comment 'transactions that were open for long' ${byDay('started_at')}`.execute(db);

  await sql`
    create table if not exists key_logs (${EVENT}
      happened_at datetime(3) not null comment 'UTC, when it happened, as closely as it is known',
      event ${WORD} not null comment 'restart, statistics-reset, server-status, configuration-changed, message, events-lost, drift-begin or drift-end',
      severity ${WORD} not null comment 'info, warning or error',
      message text not null comment 'for people, in one line',
      detail json not null comment 'for machines: object of strings and numbers',
      ${IS_CUT},
      primary key (proxy, happened_at, event_id),
      key key_logs_by_event (event_id)
    ) comment 'what happened to a proxy' ${byDay('happened_at')}`.execute(db);

  await sql`
    create table if not exists scan_runs (
      tick_at datetime(3) not null comment 'UTC, the tick',
      started_at datetime(3) not null comment 'UTC, when its dispatch began',
      duration_ms bigint unsigned not null comment 'how long its dispatch took',
      outcome ${WORD} not null comment 'complete; partial: something went to the dead letters or nowhere',
      proxies int unsigned not null comment 'proxies of the registry',
      due int unsigned not null comment 'proxies of which something was due',
      paused int unsigned not null comment 'proxies left out because somebody paused them',
      backing_off int unsigned not null comment 'proxies left out because they failed lately',
      damaged int unsigned not null comment 'registry entries that could not be understood',
      invocations int unsigned not null comment 'invocations that were accepted',
      retries int unsigned not null comment 'attempts that were made again',
      dead_letters int unsigned not null comment 'requests that went to the dead letters',
      lost int unsigned not null comment 'requests that not even the dead letters took',
      problem text null comment 'reason of the first request that could not be sent',
      primary key (tick_at, started_at)
    ) comment 'ticks of the scanner' ${byDay('tick_at')}`.execute(db);
}

async function createUpkeep(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table if not exists sql_stats_dirty (
      level ${WORD} not null comment 'hour or day: what is to be summed up',
      to_at datetime(3) not null comment 'UTC, end of that hour or day',
      proxy ${NAME} not null comment 'of which proxy',
      primary key (level, to_at, proxy)
    ) ${TABLE} comment 'hours and days that finer rows were written into since they were summed up'`.execute(db);

  await sql`
    create table if not exists scan_floors (
      table_name varchar(64) character set ascii collate ascii_bin not null comment 'a table with daily partitions',
      kept_after datetime(3) not null comment 'UTC; rows up to then are gone or about to go, none are taken',
      primary key (table_name)
    ) ${TABLE} comment 'how far back each partitioned table reaches'`.execute(db);

  await sql`
    insert ignore into scan_floors (table_name, kept_after) values
      ('sql_stats', '1970-01-01'), ('sql_stats_hour', '1970-01-01'), ('sql_stats_day', '1970-01-01'),
      ('sql_errors', '1970-01-01'), ('slow_sql', '1970-01-01'), ('slow_transactions', '1970-01-01'),
      ('key_logs', '1970-01-01'), ('scan_runs', '1970-01-01')`.execute(db);
}
