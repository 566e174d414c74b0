import type { Slice } from '@proxywatch/core/domain/control/desired-state';
import { accessDcdb } from '@proxywatch/core/drivers/dcdb/dcdb-error';
import { NAMESPACE_COLUMNS, namespaceOf } from '@proxywatch/core/drivers/dcdb/namespaces/namespace-specs';
import { z } from 'zod';
import { ok } from '#api/answer';
import { identifier, identifierParams } from '#api/fields';
import { whereNamespace } from '#api/list';
import { route } from '#api/route';
import { staleSeconds } from './database-fields.ts';
import { findCluster } from './get-database.ts';
import { withAge } from './with-age.ts';

const mapping = z.strictObject({
  namespace: identifier(),
  slice: z.string(),
  writerHostgroup: z.int(),
  readerHostgroup: z.int(),
  isDefault: z.boolean().meta({ description: 'statements that no rule sends elsewhere go here' }),
});

export const getMapping = route({
  module: 'databases',
  method: 'GET',
  path: '/v1/databases/{id}/mapping',
  operationId: 'getDatabaseMapping',
  summary: 'Which slices of which namespaces use a database cluster, with their hostgroups',
  description: 'Of the namespaces that the caller may see.',
  role: 'viewer',
  params: identifierParams,
  answers: {
    200: { description: 'the slices', schema: z.strictObject({ items: z.array(mapping), staleSeconds }) },
    404: { description: 'the service knows no such cluster' },
    502: { description: 'the service answered what it must not' },
  },
  async handle({ db, databases }, { params, caller, signal }) {
    const { staleSeconds: age } = await findCluster(databases, params.id, signal);
    const namespaces = whereNamespace(db.selectFrom('namespaces').select(NAMESPACE_COLUMNS), 'name', caller);
    const rows = await accessDcdb(() => namespaces.orderBy('name').execute({ signal }));
    const items = rows
      .map(namespaceOf)
      .flatMap(({ name, spec }) =>
        spec.slices
          .filter(({ cluster }) => cluster === params.id)
          .map((slice) => mappingOf(name, slice, spec.defaultSlice === slice.name)),
      );
    return withAge(ok({ items }), age);
  },
});

function mappingOf(namespace: string, { name, writerHostgroup, readerHostgroup }: Slice, isDefault: boolean) {
  return { namespace, slice: name, writerHostgroup, readerHostgroup, isDefault };
}
