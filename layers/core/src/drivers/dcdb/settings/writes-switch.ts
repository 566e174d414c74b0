import { type Kysely, sql } from 'kysely';
import { z } from 'zod';
import { ProxywatchError } from '../../../domain/errors.ts';
import { accessDcdb } from '../dcdb-error.ts';
import type { DcdbTables } from '../tables.ts';

type Db = Kysely<DcdbTables>;

const NAME = 'writes';
const value = z.object({ enabled: z.boolean(), reason: z.string() });

/** Whether anything may be written to proxies at all; nobody touched it: it may. */
export interface WritesSwitch {
  readonly enabled: boolean;
  readonly reason: string;
  /** 0 while nobody touched it. */
  readonly revision: number;
  readonly updatedBy: string;
  readonly updatedAt: Date | null;
}

const UNTOUCHED: WritesSwitch = { enabled: true, reason: '', revision: 0, updatedBy: '', updatedAt: null };

/** Locked for the rest of the transaction when asked `forUpdate`. */
export function fetchWritesSwitch(
  db: Db,
  { forUpdate = false, signal }: { readonly forUpdate?: boolean; readonly signal?: AbortSignal } = {},
): Promise<WritesSwitch> {
  return accessDcdb(async () => {
    const query = db
      .selectFrom('settings')
      .select(['value', 'revision', 'updated_by', 'updated_at'])
      .where('name', '=', NAME);
    const row = await (forUpdate ? query.forUpdate() : query).executeTakeFirst({ signal });
    if (row === undefined) return UNTOUCHED;
    return { ...parsed(row.value), revision: row.revision, updatedBy: row.updated_by, updatedAt: row.updated_at };
  });
}

export function storeWritesSwitch(
  tx: Db,
  { enabled, reason, updatedBy }: Pick<WritesSwitch, 'enabled' | 'reason' | 'updatedBy'>,
  signal?: AbortSignal,
): Promise<void> {
  return accessDcdb(async () => {
    const text = JSON.stringify({ enabled, reason });
    await tx
      .insertInto('settings')
      .values({ name: NAME, value: text, updated_by: updatedBy })
      .onDuplicateKeyUpdate({ value: text, updated_by: updatedBy, revision: sql<number>`revision + 1` })
      .execute({ signal });
  });
}

/** A switch that cannot be read is not one that is on: RECORD_DAMAGED. */
function parsed(column: unknown): z.infer<typeof value> {
  try {
    return value.parse(typeof column === 'string' ? JSON.parse(column) : column);
  } catch {
    throw new ProxywatchError('RECORD_DAMAGED', 'dcdb holds an unexpected value in settings.value');
  }
}
