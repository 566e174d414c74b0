import { createApiHandler } from '../shared/create-api-handler.ts';
import { sharedApiDeps } from '../shared/shared-deps.ts';
import { accountsRoutes } from './routes.ts';

export const handler = createApiHandler('accounts', accountsRoutes, sharedApiDeps);
