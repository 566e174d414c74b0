import { createApiHandler } from '#api/create-api-handler';
import { sharedApiDeps } from '#api/shared-deps';
import { monitoringRoutes } from './routes.ts';

export const handler = createApiHandler('monitoring', monitoringRoutes, sharedApiDeps);
