import { type Kysely, sql } from 'kysely';
import { addIndex } from './sql-words.ts';

/** Old plans are found by their age, and whether an operation still tells of them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await addIndex(db, 'plans', 'plans_by_expiry', sql`expires_at`);
  await addIndex(db, 'operations', 'operations_by_plan', sql`plan_id`);
}
