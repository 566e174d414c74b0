import type { SpecifiedNamespace } from '@proxywatch/core/drivers/dcdb/namespaces/namespace-specs';
import { fieldsOf, type NamespaceFields } from '@proxywatch/core/drivers/dcdb/namespaces/namespace-writes';
import type { z } from 'zod';
import type { NamespaceAnswer, namespaceDocument } from './namespace-fields.ts';

/** A namespace as callers and the audit see it. */
export function namespaceResource(record: SpecifiedNamespace): NamespaceAnswer {
  return {
    name: record.name,
    ...documentOf(fieldsOf(record)),
    revision: record.revision,
    createdAt: record.createdAt.toISOString(),
    updatedAt: record.updatedAt.toISOString(),
  };
}

/** What was decided, in the order in which people read it: revisions are compared field by field. */
export function documentOf(fields: NamespaceFields): z.infer<typeof namespaceDocument> {
  return {
    description: fields.description,
    online: fields.online,
    readOnly: fields.readOnly,
    allowedSchemas: [...fields.allowedSchemas],
    allowedIps: [...fields.allowedIps],
    slices: fields.slices.map(({ name, writerHostgroup, readerHostgroup, cluster }) => {
      return { name, writerHostgroup, readerHostgroup, cluster };
    }),
    defaultSlice: fields.defaultSlice,
    readWriteSplit: fields.readWriteSplit,
    deniedSql: fields.deniedSql.map(({ digest, pattern, mode, comment }) => ({
      ...(digest !== undefined && { digest }),
      ...(pattern !== undefined && { pattern }),
      mode,
      comment,
    })),
    slowSqlMs: fields.slowSqlMs,
    maxExecutionMs: fields.maxExecutionMs,
    maxResultRows: fields.maxResultRows,
    maxClientConnections: fields.maxClientConnections,
    qpsLimit: fields.qpsLimit,
    owner: fields.owner,
    tags: [...fields.tags],
  };
}
