import { createApiHandler } from '#api/create-api-handler';
import { sharedApiDeps } from '#api/shared-deps';
import { namespacesRoutes } from './routes.ts';

export const handler = createApiHandler('namespaces', namespacesRoutes, sharedApiDeps);
