import { type Kysely, sql } from 'kysely';
import { ID, TABLE } from './sql-words.ts';

/*
 * Rows of the scanner are found by their proxy first. Who may see some namespaces only must be told which proxies have rows
 * there: those that are in them now, and those that were once and have moved.
 */
const LONG_AGO = '1970-01-02 00:00:00.000';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table if not exists scan_proxies (
      namespace ${ID} not null comment 'namespace of the proxy when it was read',
      proxy ${ID} not null comment 'a proxy that has rows under this namespace',
      first_seen_at datetime(3) not null comment 'UTC, when it was first read',
      last_seen_at datetime(3) not null comment 'UTC, one of the last day on which it was read',
      primary key (namespace, proxy),
      key scan_proxies_by_proxy (proxy),
      key scan_proxies_by_last_seen (last_seen_at)
    ) ${TABLE} comment 'proxies of each namespace, former ones too'`.execute(db);
  // What was collected before nobody noted; every proxy may have been.
  await sql`
    insert ignore into scan_proxies (namespace, proxy, first_seen_at, last_seen_at)
    select namespace, id, ${LONG_AGO}, utc_timestamp(3) from proxies`.execute(db);
}
