import type { ApiDocument } from '../../../../infra/cli/operations.ts';

/** A small API with each shape of path that the real one has. */
export const DOCUMENT: ApiDocument = {
  components: {
    parameters: { IfMatch: { name: 'If-Match', in: 'header' } },
    schemas: {
      NewAccount: {
        type: 'object',
        required: ['username', 'password'],
        properties: {
          username: { type: 'string' },
          password: { type: 'string' },
          maxConnections: { type: 'integer' },
          active: { type: 'boolean' },
          allowedIps: { type: 'array', items: { type: 'string' } },
          defaultSchema: { anyOf: [{ type: 'string' }, { type: 'null' }] },
          slices: { type: 'array', items: { type: 'object' } },
          access: { enum: ['rw', 'ro'] },
          value: { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] },
        },
      },
    },
  },
  paths: {
    '/v1/accounts': {
      get: {
        operationId: 'listAccounts',
        summary: 'Lists accounts',
        parameters: ['filter[namespace]', 'filter[updatedAt][lt]', 'limit', 'sort'].map((name) => ({
          name,
          in: 'query' as const,
        })),
      },
      post: {
        operationId: 'createAccount',
        summary: 'Creates an account',
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/NewAccount' } } } },
      },
    },
    '/v1/accounts/{id}': {
      get: { operationId: 'getAccount', parameters: [{ name: 'id', in: 'path' }] },
      delete: {
        operationId: 'deleteAccount',
        parameters: [{ name: 'id', in: 'path' }, { $ref: '#/components/parameters/IfMatch' }],
      },
    },
    '/v1/accounts/{id}/actions/rotate-password': {
      post: {
        operationId: 'rotateAccountPassword',
        requestBody: {
          content: { 'application/json': { schema: { type: 'object', properties: { password: { type: 'string' } } } } },
        },
      },
    },
    '/v1/namespaces/{id}/revisions/{revision}': { get: { operationId: 'getNamespaceRevision' } },
    '/v1/namespaces/{id}/revisions': { get: { operationId: 'listNamespaceRevisions' } },
    '/v1/plans/{id}/actions/apply': { post: { operationId: 'applyPlan' } },
  },
};
