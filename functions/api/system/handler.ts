import { createApiHandler } from '../shared/create-api-handler.ts';
import { sharedApiDeps } from '../shared/shared-deps.ts';
import { knownOperations } from './known-operations.ts';
import { systemRoutes } from './routes.ts';

/** Also answers for paths that no route has. */
export const handler = createApiHandler('system', systemRoutes, sharedApiDeps, { known: knownOperations });
