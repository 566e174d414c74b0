import { createApiHandler } from '../shared/create-api-handler.ts';
import { sharedApiDeps } from '../shared/shared-deps.ts';
import { namespacesRoutes } from './routes.ts';

export const handler = createApiHandler('namespaces', namespacesRoutes, sharedApiDeps);
