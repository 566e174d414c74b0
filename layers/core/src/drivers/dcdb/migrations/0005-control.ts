import { type Kysely, sql } from 'kysely';
import { ID, NAME, TABLE, UUID, WORD } from './sql-words.ts';

/** Plans, operations, and what it takes to go back. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table if not exists plans (
      id ${UUID} not null comment 'identity',
      namespace ${ID} not null comment 'what it was made for',
      state ${WORD} not null comment 'open, applied or outdated',
      document mediumtext not null comment 'JSON: groups, changes (masked), warnings, refusals, what it is based on',
      created_by ${NAME} not null comment 'who asked for it',
      created_at timestamp(6) not null default current_timestamp(6) comment 'UTC',
      expires_at timestamp(6) not null default current_timestamp(6) comment 'UTC, after which it is refused',
      primary key (id),
      key plans_by_namespace (namespace, created_at)
    ) ${TABLE} comment 'changes that were worked out'`.execute(db);

  await sql`
    create table if not exists operations (
      id ${UUID} not null comment 'identity',
      kind ${WORD} not null comment 'apply or rollback',
      plan_id ${UUID} null comment 'what it applies',
      of_operation ${UUID} null comment 'what it rolls back',
      namespace ${ID} not null comment 'whose proxies it changes',
      state ${WORD} not null comment 'pending, running, rolling-back, succeeded, failed, rolled-back or stopped',
      strategy json not null comment 'canary, parallelism, onError, health gate, limits',
      reason varchar(1000) not null default '' comment 'why',
      problem text null comment 'what went wrong, for people',
      created_by ${NAME} not null comment 'who asked for it',
      revision bigint unsigned not null default 1 comment 'rises with each change of it or of a group',
      created_at timestamp(6) not null default current_timestamp(6) comment 'UTC',
      updated_at timestamp(6) not null default current_timestamp(6) on update current_timestamp(6) comment 'UTC, last change',
      ended_at timestamp(6) null default null comment 'UTC; null: it goes on',
      primary key (id),
      key operations_by_namespace (namespace, created_at),
      key operations_by_end (ended_at, updated_at)
    ) ${TABLE} comment 'changes of proxies under way and done'`.execute(db);

  await sql`
    create table if not exists operation_groups (
      operation_id ${UUID} not null comment 'what it belongs to',
      group_id ${ID} not null comment 'the sync group: id of its first member',
      position int unsigned not null comment 'order of the groups; canaries first',
      members json not null comment 'array of proxy ids',
      state ${WORD} not null comment 'waiting, running, done, failed, rolling-back, rolled-back, rollback-failed or skipped',
      step ${WORD} not null comment 'last step that is done: none, guard, pre-image, write, load, read-back, health, pause, save',
      pending json null comment 'what the step under way needs to go on after a death',
      lease_owner ${UUID} null comment 'who works on it',
      lease_until timestamp(6) null default null comment 'UTC, after which somebody else may go on',
      attempts int unsigned not null default 0 comment 'how often it was taken up',
      problem text null comment 'what went wrong, for people',
      updated_at timestamp(6) not null default current_timestamp(6) on update current_timestamp(6) comment 'UTC, last change',
      primary key (operation_id, group_id),
      constraint operation_groups_have_an_operation foreign key (operation_id) references operations (id) on delete cascade
    ) ${TABLE} comment 'the unit of change: proxies that pull each other along'`.execute(db);

  await sql`
    create table if not exists operation_events (
      id bigint unsigned not null auto_increment comment 'rises with time',
      operation_id ${UUID} not null comment 'what it belongs to',
      group_id ${ID} null comment 'the group; null: the whole operation',
      proxy_id ${ID} null comment 'the proxy; null: all of them',
      at timestamp(6) not null default current_timestamp(6) comment 'UTC',
      severity ${WORD} not null comment 'info, warning or error',
      message text not null comment 'for people, without secrets',
      primary key (id),
      key operation_events_by_operation (operation_id, id),
      constraint operation_events_have_an_operation foreign key (operation_id) references operations (id) on delete cascade
    ) ${TABLE} comment 'what happened in an operation, step by step'`.execute(db);

  await sql`
    create table if not exists proxy_locks (
      proxy_id ${ID} not null comment 'a proxy that an operation may change',
      operation_id ${UUID} not null comment 'whose it is until it ends',
      at timestamp(6) not null default current_timestamp(6) comment 'UTC',
      primary key (proxy_id),
      key proxy_locks_by_operation (operation_id)
    ) ${TABLE} comment 'never two operations on one proxy'`.execute(db);

  await sql`
    create table if not exists pre_images (
      operation_id ${UUID} not null comment 'before which it was taken',
      proxy_id ${ID} not null comment 'of which proxy',
      sealed longtext not null comment 'encrypted: rows of the touched modules in all layers',
      created_at timestamp(6) not null default current_timestamp(6) comment 'UTC',
      expires_at timestamp(6) not null default current_timestamp(6) comment 'UTC, when it is deleted',
      primary key (operation_id, proxy_id),
      key pre_images_by_expiry (expires_at)
    ) ${TABLE} comment 'what proxies were before an operation'`.execute(db);

  await sql`
    create table if not exists managed_rows (
      proxy_id ${ID} not null comment 'where the row is',
      config_table ${WORD} not null comment 'users, servers, replicationHostgroups, rules or variables',
      row_hash char(64) character set ascii collate ascii_bin not null comment 'sha256 of row_key, which is too long for a key',
      row_key varchar(1024) character set utf8mb4 collate utf8mb4_bin not null comment 'identity of the row in its table',
      operation_id ${UUID} null comment 'what wrote it; null: it was imported',
      at timestamp(6) not null default current_timestamp(6) comment 'UTC',
      primary key (proxy_id, config_table, row_hash)
    ) ${TABLE} comment 'rows on proxies that Proxywatch may change and delete; all others are left alone'`.execute(db);

  await sql`
    create table if not exists applied_checksums (
      proxy_id ${ID} not null comment 'of which proxy',
      module ${ID} not null comment 'as the proxy names it: mysql_users, …',
      checksum varchar(64) not null comment 'of what ran after the last change through Proxywatch',
      operation_id ${UUID} not null comment 'what changed it',
      at timestamp(6) not null default current_timestamp(6) comment 'UTC',
      primary key (proxy_id, module)
    ) ${TABLE} comment 'what the scanner compares with, to notice changes made elsewhere'`.execute(db);
}
