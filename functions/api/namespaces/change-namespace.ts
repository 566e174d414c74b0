import { z } from 'zod';
import { dryRunQuery, identifierParams } from '#api/fields';
import { route } from '#api/route';
import { namespaceAnswer, namespaceFields } from './namespace-fields.ts';
import { reviseNamespace } from './revise-namespace.ts';

export const namespaceChanges = z.strictObject(namespaceFields).partial();

export const changeNamespace = route({
  module: 'namespaces',
  method: 'PATCH',
  path: '/v1/namespaces/{id}',
  operationId: 'changeNamespace',
  summary: 'Changes a namespace, field by field',
  description:
    'A field that is given replaces the whole of what it was, lists included. The name stays. Each change is a revision; ' +
    'the change is on the proxies once a plan of the namespace was applied.',
  role: 'operator',
  params: identifierParams,
  query: dryRunQuery,
  body: namespaceChanges,
  needsIfMatch: true,
  example: { readWriteSplit: true, maxResultRows: 100_000 },
  answers: {
    200: { description: 'the namespace', schema: namespaceAnswer },
    404: { description: 'there is no such namespace, or none that the caller may see' },
    422: { description: 'its fields would contradict each other' },
  },
  handle: (_, request) =>
    reviseNamespace(request, {
      name: request.params.id,
      role: 'operator',
      action: 'update',
      decide: (before) => ({ ...before, ...request.body }),
    }),
});

export const onlineNamespace = switchRoute('online', true, 'Has a namespace accept traffic again');
export const offlineNamespace = switchRoute('offline', false, 'Has a namespace accept no traffic any more');

function switchRoute(verb: 'online' | 'offline', online: boolean, summary: string) {
  return route({
    module: 'namespaces',
    method: 'POST',
    path: `/v1/namespaces/{id}/actions/${verb}`,
    operationId: `${verb}Namespace`,
    summary,
    description:
      'The same as changing `online`. Like any other change it is on the proxies once a plan of the namespace was applied.',
    role: 'operator',
    params: identifierParams,
    query: dryRunQuery,
    answers: {
      200: { description: 'the namespace', schema: namespaceAnswer },
      404: { description: 'there is no such namespace, or none that the caller may see' },
    },
    handle: (_, request) =>
      reviseNamespace(request, {
        name: request.params.id,
        role: 'operator',
        action: verb,
        decide: (before) => ({ ...before, online }),
      }),
  });
}
