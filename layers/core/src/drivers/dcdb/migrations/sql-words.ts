import { type Kysely, sql } from 'kysely';

/** Column types that many tables share. Only what MariaDB 10.11 and MySQL 8 / Aurora both understand. */
export const ID = sql`varchar(128) character set utf8mb4 collate utf8mb4_bin`;
export const NAME = sql`varchar(255) character set utf8mb4 collate utf8mb4_bin`;
export const UUID = sql`char(36) character set ascii collate ascii_bin`;
export const WORD = sql`varchar(32) character set ascii collate ascii_bin`;
export const TABLE = sql`engine = InnoDB default character set utf8mb4 collate utf8mb4_unicode_ci`;
export const REVISED = sql`
      revision bigint unsigned not null default 1 comment 'rises with each change; the ETag of the API',
      created_at timestamp(6) not null default current_timestamp(6) comment 'UTC',
      updated_at timestamp(6) not null default current_timestamp(6) on update current_timestamp(6) comment 'UTC, last change'`;

/** MySQL has no `add column if not exists`, and a migration that was cut off must be able to run again. */
export async function addColumn(
  db: Kysely<unknown>,
  table: string,
  column: string,
  definition: ReturnType<typeof sql>,
): Promise<void> {
  const { rows } = await sql<{ found: number }>`
    select count(*) as found from information_schema.columns
    where table_schema = database() and table_name = ${table} and column_name = ${column}`.execute(db);
  if (Number(rows[0]?.found) > 0) return;
  await sql`alter table ${sql.table(table)} add column ${sql.ref(column)} ${definition}`.execute(db);
}

/** The same for an index. */
export async function addIndex(
  db: Kysely<unknown>,
  table: string,
  index: string,
  columns: ReturnType<typeof sql>,
): Promise<void> {
  const { rows } = await sql<{ found: number }>`
    select count(*) as found from information_schema.statistics
    where table_schema = database() and table_name = ${table} and index_name = ${index}`.execute(db);
  if (Number(rows[0]?.found) > 0) return;
  await sql`alter table ${sql.table(table)} add key ${sql.ref(index)} (${columns})`.execute(db);
}
