import { createApiHandler } from '#api/create-api-handler';
import { sharedApiDeps } from '#api/shared-deps';
import { knownOperations } from './known-operations.ts';
import { systemRoutes } from './routes.ts';

/** Also answers for paths that no route has. */
export const handler = createApiHandler('system', systemRoutes, sharedApiDeps, { known: knownOperations });
