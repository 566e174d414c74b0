import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { DatabaseConfig, Dated } from '@proxywatch/core/ports/database-config';
import { z } from 'zod';
import { ok } from '#api/answer';
import { identifierParams } from '#api/fields';
import { route } from '#api/route';
import { clusterAnswer, instanceAnswer, staleSeconds } from './database-fields.ts';
import { withAge } from './with-age.ts';

const NOT_FOUND = { description: 'the service knows no such cluster' };
const BAD_ANSWER = { description: 'the service answered what it must not' };

export const getDatabase = route({
  module: 'databases',
  method: 'GET',
  path: '/v1/databases/{id}',
  operationId: 'getDatabase',
  summary: 'A database cluster',
  role: 'viewer',
  params: identifierParams,
  answers: {
    200: { description: 'the cluster', schema: clusterAnswer.extend({ staleSeconds }) },
    404: NOT_FOUND,
    502: BAD_ANSWER,
  },
  async handle({ databases }, { params, signal }) {
    const { value, staleSeconds: age } = await findCluster(databases, params.id, signal);
    return withAge(ok(value), age);
  },
});

export const listInstances = route({
  module: 'databases',
  method: 'GET',
  path: '/v1/databases/{id}/instances',
  operationId: 'listDatabaseInstances',
  summary: 'The instances of a database cluster',
  role: 'viewer',
  params: identifierParams,
  answers: {
    200: {
      description: 'all instances',
      schema: z.strictObject({ items: z.array(instanceAnswer), staleSeconds }),
    },
    404: NOT_FOUND,
    502: BAD_ANSWER,
  },
  async handle({ databases }, { params, signal }) {
    const { value, staleSeconds: age } = await databases.fetchInstances(params.id, signal);
    return withAge(ok({ items: present(value, params.id) }), age);
  },
});

/** Rejects with NOT_FOUND. */
export async function findCluster(databases: DatabaseConfig, id: string, signal: AbortSignal) {
  const { value, staleSeconds: age } = await databases.fetchCluster(id, signal);
  return { value: present(value, id), staleSeconds: age } satisfies Dated<unknown>;
}

function present<T>(value: T | undefined, id: string): T {
  if (value === undefined) throw new ProxywatchError('NOT_FOUND', `there is no database cluster ${id}`);
  return value;
}
