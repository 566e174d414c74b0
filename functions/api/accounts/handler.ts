import { createApiHandler } from '#api/create-api-handler';
import { sharedApiDeps } from '#api/shared-deps';
import { accountsRoutes } from './routes.ts';

export const handler = createApiHandler('accounts', accountsRoutes, sharedApiDeps);
