import { type ListSpec, listAnswer, listQuery } from '#api/list';
import { pageOfItems } from '#api/page-of-items';
import { route } from '#api/route';
import { clusterAnswer, staleSeconds } from './database-fields.ts';
import { withAge } from './with-age.ts';

export const databasesList: ListSpec = {
  name: 'databases',
  fields: {
    id: { type: 'string' },
    name: { type: 'string' },
    engine: { type: 'string' },
    description: { type: 'string', ops: ['like'] },
    region: { type: 'string' },
  },
  defaultSort: 'id',
  key: { field: 'id' },
};

export const listDatabases = route({
  module: 'databases',
  method: 'GET',
  path: '/v1/databases',
  operationId: 'listDatabases',
  summary: 'Database clusters, as the database configuration service tells of them',
  description: 'While the service is away the answer is an older one, and says so: `Warning: 110` and `staleSeconds`.',
  role: 'viewer',
  query: listQuery(databasesList),
  answers: {
    200: { description: 'a page of clusters', schema: listAnswer(clusterAnswer).extend({ staleSeconds }) },
    502: { description: 'the service answered what it must not' },
  },
  async handle({ databases }, request) {
    const { value, staleSeconds: age } = await databases.fetchClusters(request.signal);
    const clusters = value.map((cluster) => ({ ...cluster }));
    return withAge(await pageOfItems(databasesList, request, clusters), age);
  },
});
