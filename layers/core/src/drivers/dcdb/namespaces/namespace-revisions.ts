import { z } from 'zod';
import { ProxywatchError } from '../../../domain/errors.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import type { NamespaceFields } from './namespace-writes.ts';
import { parseStoredSpec } from './stored-spec.ts';

export interface NamespaceRevision {
  readonly namespace: string;
  readonly revision: number;
  readonly document: NamespaceFields;
  readonly author: string;
  readonly reason: string;
  readonly at: Date;
}

export const REVISION_COLUMNS = ['namespace', 'revision', 'document', 'author', 'reason', 'at'] as const;

const decided = z.object({
  description: z.string().default(''),
  online: z.boolean().default(true),
  readOnly: z.boolean().default(false),
  owner: z.string().default(''),
  tags: z.array(z.string()).default([]),
});

/** Keeps what a namespace is from now on; one that is kept already stays. */
export function insertRevision(
  tx: Dcdb,
  { namespace, revision, document, author, reason }: Omit<NamespaceRevision, 'at'>,
  signal?: AbortSignal,
): Promise<void> {
  return accessDcdb(async () => {
    await tx
      .insertInto('namespace_revisions')
      .ignore()
      .values({ namespace, revision, document: JSON.stringify(document), author, reason })
      .execute({ signal });
  });
}

/** `undefined`: it was never kept. */
export function fetchRevision(
  db: Dcdb,
  namespace: string,
  revision: number,
  signal?: AbortSignal,
): Promise<NamespaceRevision | undefined> {
  return accessDcdb(async () => {
    const row = await db
      .selectFrom('namespace_revisions')
      .select(REVISION_COLUMNS)
      .where('namespace', '=', namespace)
      .where('revision', '=', revision)
      .executeTakeFirst({ signal });
    return row && revisionOf(row);
  });
}

type RevisionRow = Omit<NamespaceRevision, 'document'> & { readonly document: unknown };

export function revisionOf(row: RevisionRow): NamespaceRevision {
  const json = documentOf(row.document);
  const parsed = decided.safeParse(json);
  if (!parsed.success) throw damaged();
  return { ...row, document: { ...parsed.data, ...parseStoredSpec(json) } };
}

function documentOf(column: unknown): unknown {
  if (typeof column !== 'string') return column;
  try {
    return JSON.parse(column);
  } catch {
    throw damaged();
  }
}

function damaged(): ProxywatchError {
  return new ProxywatchError('RECORD_DAMAGED', 'dcdb holds an unexpected value in namespace_revisions.document');
}
