import { type Kysely, sql } from 'kysely';
import { ID, NAME, TABLE, UUID, WORD } from './sql-words.ts';

/** Who may do what, who did what, and the answers that a repeated request gets again. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table if not exists role_bindings (
      id ${UUID} not null comment 'identity',
      subject_kind ${WORD} not null comment 'user or group',
      subject ${NAME} not null comment 'sub of a token, ARN of an IAM principal, or name of a group',
      role ${WORD} not null comment 'viewer, operator or admin',
      namespace ${ID} not null comment 'where it holds; *: everywhere',
      created_by ${NAME} not null comment 'who gave it',
      revision bigint unsigned not null default 1 comment 'rises with each change; the ETag of the API',
      created_at timestamp(6) not null default current_timestamp(6) comment 'UTC',
      updated_at timestamp(6) not null default current_timestamp(6) on update current_timestamp(6) comment 'UTC, last change',
      primary key (id),
      unique key role_bindings_by_subject (subject, subject_kind, namespace)
    ) ${TABLE} comment 'roles of people and services'`.execute(db);

  await sql`
    create table if not exists audit (
      id bigint unsigned not null auto_increment comment 'rises with time',
      at timestamp(6) not null default current_timestamp(6) comment 'UTC',
      actor ${NAME} not null comment 'who did it',
      source_address varchar(64) not null default '' comment 'where the request came from',
      request_id varchar(64) not null comment 'of the request that did it',
      action varchar(64) not null comment 'create, update, delete, or the name of an action',
      resource_type varchar(64) not null comment 'account, proxy, namespace, plan, …',
      resource_id ${NAME} not null comment 'identity of the resource',
      namespace ${ID} null comment 'namespace of the resource; null: of none',
      before_state json null comment 'the resource before, secrets masked; null: there was none',
      after_state json null comment 'the resource afterwards, secrets masked; null: there is none any more',
      reason varchar(1000) not null default '' comment 'what the caller gave as the reason',
      primary key (id),
      key audit_by_resource (resource_type, resource_id, id),
      key audit_by_namespace (namespace, id),
      key audit_by_actor (actor, id)
    ) ${TABLE} comment 'every change, written with it in one transaction'`.execute(db);

  await sql`
    create table if not exists idempotency_keys (
      caller ${NAME} not null comment 'whose key it is',
      idempotency_key varchar(128) character set ascii collate ascii_bin not null comment 'as the caller gave it',
      request_hash char(64) character set ascii collate ascii_bin not null comment 'keyed digest of method, path and body: another request is refused',
      state ${WORD} not null comment 'running or done',
      answer mediumtext null comment 'JSON: status, headers and body of the answer',
      locked_until timestamp(6) not null default current_timestamp(6) comment 'UTC, until when a running one keeps others off',
      created_at timestamp(6) not null default current_timestamp(6) comment 'UTC',
      expires_at timestamp(6) not null default current_timestamp(6) comment 'UTC, when it is forgotten',
      primary key (caller, idempotency_key),
      key idempotency_keys_by_expiry (expires_at)
    ) ${TABLE} comment 'answers of requests that may come again'`.execute(db);

  await sql`
    create table if not exists settings (
      name ${ID} not null comment 'writes: the switch of all changes',
      value json not null comment 'its value',
      revision bigint unsigned not null default 1 comment 'rises with each change; the ETag of the API',
      updated_by ${NAME} not null default '' comment 'who changed it last',
      updated_at timestamp(6) not null default current_timestamp(6) on update current_timestamp(6) comment 'UTC, last change',
      primary key (name)
    ) ${TABLE} comment 'settings of the whole system'`.execute(db);
}
