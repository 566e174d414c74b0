import { z } from 'zod';
import type { Answer } from '#api/answer';
import { dryRunQuery, identifier } from '#api/fields';
import { route } from '#api/route';
import { requireAdminOf } from './find-namespace.ts';
import { NAMESPACE_DEFAULTS, namespaceAnswer, namespaceFields } from './namespace-fields.ts';
import { addNamespace, type Changing } from './revise-namespace.ts';

export const newNamespace = z.strictObject({ name: identifier(), ...z.object(namespaceFields).partial().shape });

export const createNamespace = route({
  module: 'namespaces',
  method: 'POST',
  path: '/v1/namespaces',
  operationId: 'createNamespace',
  summary: 'Creates a namespace',
  description:
    'What is left out restricts nothing. Proxies and accounts are put into it one by one; its rules are on the proxies ' +
    'once a plan of it was applied.',
  role: 'admin',
  query: dryRunQuery,
  body: newNamespace,
  example: {
    name: 'orders',
    description: 'order service',
    owner: 'team orders',
    slices: [{ name: 'main', writerHostgroup: 10, readerHostgroup: 11, cluster: 'orders-eu' }],
    defaultSlice: 'main',
    readWriteSplit: true,
    deniedSql: [{ pattern: '^DROP ', mode: 'deny', comment: 'nobody drops anything here' }],
    maxExecutionMs: 30_000,
  },
  answers: {
    201: { description: 'the namespace', schema: namespaceAnswer },
    200: { description: 'dry run: what it would be', schema: namespaceAnswer },
    409: { description: 'there is a namespace of that name' },
    422: { description: 'its fields contradict each other' },
  },
  handle: (_, request) => createFrom(request, request.body),
});

export function createFrom(request: Changing, { name, ...given }: z.output<typeof newNamespace>): Promise<Answer> {
  requireAdminOf(request.caller, name);
  return addNamespace(request, name, 'create', () => ({ ...NAMESPACE_DEFAULTS, ...given }));
}
