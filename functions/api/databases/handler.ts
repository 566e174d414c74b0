import { createApiHandler } from '#api/create-api-handler';
import { sharedApiDeps } from '#api/shared-deps';
import { databasesRoutes } from './routes.ts';

export const handler = createApiHandler('databases', databasesRoutes, sharedApiDeps);
