import { createApiHandler } from '../shared/create-api-handler.ts';
import { sharedApiDeps } from '../shared/shared-deps.ts';
import { monitoringRoutes } from './routes.ts';

export const handler = createApiHandler('monitoring', monitoringRoutes, sharedApiDeps);
