import { type Kysely, sql } from 'kysely';
import { addColumn, ID, NAME, REVISED, TABLE, UUID, WORD } from './sql-words.ts';

/** What operators want of their proxies. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumn(db, 'namespaces', 'spec', sql`json null comment 'rules, slices and limits; null: none yet'`);

  await sql`
    create table if not exists namespace_revisions (
      namespace ${ID} not null comment 'whose revision it is',
      revision bigint unsigned not null comment 'of the namespace',
      document json not null comment 'the whole namespace as of this revision',
      author ${NAME} not null comment 'who made it',
      reason varchar(1000) not null default '' comment 'why',
      at timestamp(6) not null default current_timestamp(6) comment 'UTC',
      primary key (namespace, revision)
    ) ${TABLE} comment 'what namespaces were, revision by revision'`.execute(db);

  await sql`
    create table if not exists accounts (
      id ${UUID} not null comment 'identity',
      namespace ${ID} not null comment 'namespace whose proxies have it',
      username varchar(64) character set utf8mb4 collate utf8mb4_bin not null comment 'name to log in with',
      plugin ${WORD} not null comment 'mysql_native_password or caching_sha2_password',
      password_hash varbinary(255) not null comment 'as the plugin stores it; never clear text',
      password_fingerprint char(64) character set ascii collate ascii_bin null comment 'keyed digest: equal passwords have equal ones; null: the clear text was never seen',
      password_changed_at timestamp(6) not null default current_timestamp(6) comment 'UTC',
      default_hostgroup int unsigned not null comment 'where statements go that no rule sends elsewhere',
      default_schema varchar(64) null comment 'schema of a session that names none; null: none',
      schema_locked tinyint(1) not null default 0 comment '1: a session stays in its schema',
      transaction_persistent tinyint(1) not null default 1 comment '1: a transaction stays in its hostgroup',
      fast_forward tinyint(1) not null default 0 comment '1: rules and statistics are passed by',
      max_connections int unsigned not null default 10000 comment 'client connections per proxy',
      use_ssl tinyint(1) not null default 0 comment '1: clients must use TLS',
      access ${WORD} not null default 'rw' comment 'rw or ro',
      allowed_ips json not null comment 'array of addresses and networks; empty: any',
      active tinyint(1) not null default 1 comment '0: nobody can log in with it',
      owner varchar(255) not null default '' comment 'team or person to turn to',
      comment varchar(1000) not null default '' comment 'for people',
      expires_at timestamp(6) null default null comment 'UTC, when it ceases to be active; null: never',
      ${REVISED},
      primary key (id),
      unique key accounts_by_name (namespace, username),
      key accounts_by_fingerprint (password_fingerprint),
      constraint accounts_have_a_namespace foreign key (namespace) references namespaces (name)
    ) ${TABLE} comment 'users of the proxies'`.execute(db);

  await sql`
    create table if not exists variable_settings (
      id ${UUID} not null comment 'identity',
      scope ${WORD} not null comment 'fleet, namespace or proxy; the narrower one wins',
      scope_name ${ID} not null comment 'name of the namespace or id of the proxy; empty for the fleet',
      kind ${ID} not null comment 'kind of proxy that has the variable',
      name ${ID} not null comment 'of the variable',
      value mediumtext not null comment 'as the proxy takes it; sealed when the variable is secret',
      is_secret tinyint(1) not null default 0 comment '1: the value is sealed',
      reason varchar(1000) not null default '' comment 'why',
      expires_at timestamp(6) null default null comment 'UTC, when it ceases to hold; null: never',
      created_by ${NAME} not null comment 'who set it first',
      ${REVISED},
      primary key (id),
      unique key variable_settings_by_name (scope, scope_name, kind, name)
    ) ${TABLE} comment 'values that variables of proxies are to have'`.execute(db);

  await sql`
    create table if not exists server_overrides (
      id ${UUID} not null comment 'identity',
      namespace ${ID} not null comment 'namespace whose proxies heed it',
      host varchar(255) not null comment 'of the server',
      port smallint unsigned not null comment 'of the server',
      hostgroup int unsigned null comment 'where it holds; null: everywhere',
      kind ${WORD} not null comment 'weight, drain, pin (keep although the service does not know it) or ignore',
      weight int unsigned null comment 'of a weight or a pin',
      reason varchar(1000) not null default '' comment 'why',
      expires_at timestamp(6) null default null comment 'UTC, when the server is as before; null: until deleted',
      created_by ${NAME} not null comment 'who made it',
      ${REVISED},
      primary key (id),
      key server_overrides_by_namespace (namespace, host, port),
      constraint server_overrides_have_a_namespace foreign key (namespace) references namespaces (name)
    ) ${TABLE} comment 'where a namespace departs from the database configuration service'`.execute(db);

  await sql`
    create table if not exists monitoring_settings (
      scope ${WORD} not null comment 'fleet, namespace or proxy; the narrower one wins, field by field',
      scope_name ${ID} not null comment 'name of the namespace or id of the proxy; empty for the fleet',
      settings json not null comment 'what this scope decides; the rest is inherited',
      updated_by ${NAME} not null comment 'who changed it last',
      ${REVISED},
      primary key (scope, scope_name)
    ) ${TABLE} comment 'what is collected, how often and where to'`.execute(db);

  await sql`
    create table if not exists alert_rules (
      id ${UUID} not null comment 'identity',
      namespace ${ID} not null comment 'namespace whose series it sees',
      name varchar(128) not null comment 'of the alert',
      query text not null comment 'PromQL as it was given; the namespace is enforced when it is published',
      for_s int unsigned not null default 0 comment 'seconds that it must hold before it fires',
      labels json not null comment 'object of strings',
      annotations json not null comment 'object of strings',
      enabled tinyint(1) not null default 1 comment '0: kept, not published',
      created_by ${NAME} not null comment 'who made it',
      ${REVISED},
      primary key (id),
      unique key alert_rules_by_name (namespace, name),
      constraint alert_rules_have_a_namespace foreign key (namespace) references namespaces (name)
    ) ${TABLE} comment 'alert rules that are pushed to the monitoring platform'`.execute(db);
}
