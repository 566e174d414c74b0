import type { AnyRoute } from '#api/route';
import { namespaceRoutes } from './namespace-routes.ts';
import { operationRoutes } from './operation-routes.ts';
import { planRoutes } from './plan-routes.ts';

export const namespacesRoutes: readonly AnyRoute[] = [...namespaceRoutes, ...planRoutes, ...operationRoutes];
