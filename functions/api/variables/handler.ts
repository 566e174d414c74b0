import { createApiHandler } from '#api/create-api-handler';
import { sharedApiDeps } from '#api/shared-deps';
import { variablesRoutes } from './routes.ts';

export const handler = createApiHandler('variables', variablesRoutes, sharedApiDeps);
