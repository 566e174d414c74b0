import { type Kysely, sql } from 'kysely';

/*
 * Only what MariaDB 10.11 and MySQL 8 / Aurora both understand. DDL is not transactional there: each statement leaves
 * alone what stands already, so that a migration which was cut off can simply run again.
 */
const ID = sql`varchar(128) character set utf8mb4 collate utf8mb4_bin`;
const REFERENCE = sql`varchar(255) character set utf8mb4 collate utf8mb4_bin`;
const TABLE = sql`engine = InnoDB default character set utf8mb4 collate utf8mb4_unicode_ci`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table if not exists namespaces (
      name ${ID} not null comment 'identity; case matters',
      description varchar(1000) not null default '' comment 'for people',
      online tinyint(1) not null default 1 comment '1: accepts traffic; 0: taken offline by an operator',
      read_only tinyint(1) not null default 0 comment '1: writes are to be refused',
      owner varchar(255) not null default '' comment 'team or person to turn to',
      tags json not null comment 'array of strings, for filtering',
      revision bigint unsigned not null default 1 comment 'rises with each change; the ETag of the API',
      created_at timestamp(6) not null default current_timestamp(6) comment 'UTC',
      updated_at timestamp(6) not null default current_timestamp(6) on update current_timestamp(6) comment 'UTC, last change',
      primary key (name)
    ) ${TABLE} comment 'groups of proxies and accounts that belong together'`.execute(db);

  await sql`
    create table if not exists proxies (
      id ${ID} not null comment 'identity, the label proxy of every series; case matters',
      kind ${ID} not null comment 'driver that speaks to it, e.g. proxysql',
      namespace ${ID} not null comment 'namespace it belongs to',
      admin_host varchar(255) not null comment 'host of its admin interface',
      admin_port smallint unsigned not null comment 'port of its admin interface',
      admin_tls tinyint(1) not null default 0 comment '1: the admin interface is spoken to with TLS',
      traffic_host varchar(255) null comment 'host that its clients connect to; null: not known',
      traffic_port smallint unsigned null comment 'port that its clients connect to; null: not known',
      stats_credential_ref ${REFERENCE} not null comment 'name of the credential for collecting; never the secret itself',
      admin_credential_ref ${REFERENCE} null comment 'name of the credential for changes, checksums and drift; null: watched only',
      managed tinyint(1) not null default 0 comment '1: Proxywatch may change it; 0: it is only watched',
      region varchar(64) not null default '' comment 'where it runs',
      zone varchar(64) not null default '' comment 'availability zone it runs in',
      labels json not null comment 'object of strings, for filtering',
      state varchar(16) not null default 'registered' comment 'registered, online, draining, paused, unreachable or retired',
      revision bigint unsigned not null default 1 comment 'rises with each change; the ETag of the API',
      created_at timestamp(6) not null default current_timestamp(6) comment 'UTC',
      updated_at timestamp(6) not null default current_timestamp(6) on update current_timestamp(6) comment 'UTC, last change',
      primary key (id),
      key proxies_by_namespace (namespace, id),
      constraint proxies_have_a_namespace foreign key (namespace) references namespaces (name),
      constraint proxies_have_a_known_state
        check (state in ('registered', 'online', 'draining', 'paused', 'unreachable', 'retired'))
    ) ${TABLE} comment 'every proxy that was ever registered; retired ones stay'`.execute(db);

  await sql`
    create table if not exists registry_state (
      id tinyint unsigned not null comment 'always 1: the table has one row',
      source char(36) character set ascii collate ascii_bin not null comment 'identity of this database among all that publish a registry',
      revision bigint unsigned not null comment 'rises with each change of the proxies; orders what is published to Redis',
      updated_at timestamp(6) not null default current_timestamp(6) on update current_timestamp(6) comment 'UTC, last change',
      primary key (id),
      constraint registry_state_has_one_row check (id = 1)
    ) ${TABLE} comment 'one row: which edition of the registry this database holds; locked by whoever changes proxies'`.execute(
    db,
  );

  await sql`insert ignore into registry_state (id, source, revision) values (1, uuid(), 0)`.execute(db);
}
