import { createApiHandler } from '../shared/create-api-handler.ts';
import { sharedApiDeps } from '../shared/shared-deps.ts';
import { databasesRoutes } from './routes.ts';

export const handler = createApiHandler('databases', databasesRoutes, sharedApiDeps);
