import type { AnyRoute } from '../shared/route.ts';
import { namespaceRoutes } from './namespace-routes.ts';

export const namespacesRoutes: readonly AnyRoute[] = [...namespaceRoutes];
