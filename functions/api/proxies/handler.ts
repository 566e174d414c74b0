import { createApiHandler } from '#api/create-api-handler';
import { sharedApiDeps } from '#api/shared-deps';
import { proxiesRoutes } from './routes.ts';

export const handler = createApiHandler('proxies', proxiesRoutes, sharedApiDeps);
