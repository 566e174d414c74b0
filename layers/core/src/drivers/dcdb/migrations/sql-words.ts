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

type Sql = ReturnType<typeof sql>;

/** Where a database lists what its tables have. */
const COLUMNS = { view: sql`information_schema.columns`, name: sql`column_name` };
const INDEXES = { view: sql`information_schema.statistics`, name: sql`index_name` };

/** Unless it is there. */
export function addColumn(db: Kysely<unknown>, table: string, column: string, definition: Sql): Promise<void> {
  return addOnce(db, COLUMNS, table, column, sql`column ${sql.ref(column)} ${definition}`);
}

/** Unless there is one of that name. */
export function addIndex(db: Kysely<unknown>, table: string, index: string, columns: Sql): Promise<void> {
  return addOnce(db, INDEXES, table, index, sql`key ${sql.ref(index)} (${columns})`);
}

/** MySQL has no `if not exists` for these, and a migration that was cut off must be able to run again. */
async function addOnce(
  db: Kysely<unknown>,
  listed: typeof COLUMNS,
  table: string,
  name: string,
  addition: Sql,
): Promise<void> {
  const { rows } = await sql<{ found: number }>`
    select count(*) as found from ${listed.view}
    where table_schema = database() and table_name = ${table} and ${listed.name} = ${name}`.execute(db);
  if (Number(rows[0]?.found) > 0) return;
  await sql`alter table ${sql.table(table)} add ${addition}`.execute(db);
}
