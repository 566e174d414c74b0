import { createApiHandler } from '../shared/create-api-handler.ts';
import { sharedApiDeps } from '../shared/shared-deps.ts';
import { proxiesRoutes } from './routes.ts';

export const handler = createApiHandler('proxies', proxiesRoutes, sharedApiDeps);
