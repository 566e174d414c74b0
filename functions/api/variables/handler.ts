import { createApiHandler } from '../shared/create-api-handler.ts';
import { sharedApiDeps } from '../shared/shared-deps.ts';
import { variablesRoutes } from './routes.ts';

export const handler = createApiHandler('variables', variablesRoutes, sharedApiDeps);
