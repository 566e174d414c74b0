import { type Kysely, sql } from 'kysely';
import { addColumn, UUID } from './sql-words.ts';

/** What an override changed on the proxies is taken back when it runs out: how far that came. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumn(
    db,
    'server_overrides',
    'return_tried_at',
    sql`timestamp(6) null default null comment 'UTC, when somebody last set out to return it; null: nobody did'`,
  );
  await addColumn(
    db,
    'server_overrides',
    'return_operation',
    sql`${UUID} null default null comment 'operation that returns it; null: none began'`,
  );
  await addColumn(
    db,
    'server_overrides',
    'returned_at',
    sql`timestamp(6) null default null comment 'UTC, when it ran out on the proxies too, or its operation ended otherwise'`,
  );
  await addColumn(
    db,
    'server_overrides',
    'return_problem',
    sql`varchar(1000) null default null comment 'why the proxies do not follow its end; null: nothing is in the way'`,
  );
}
