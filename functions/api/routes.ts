import { accountsRoutes } from './accounts/routes.ts';
import { databasesRoutes } from './databases/routes.ts';
import { monitoringRoutes } from './monitoring/routes.ts';
import { namespacesRoutes } from './namespaces/routes.ts';
import { proxiesRoutes } from './proxies/routes.ts';
import type { AnyRoute } from './shared/route.ts';
import { systemRoutes } from './system/routes.ts';
import { variablesRoutes } from './variables/routes.ts';

/** Every operation of the API. */
export const apiRoutes: readonly AnyRoute[] = [
  ...accountsRoutes,
  ...databasesRoutes,
  ...proxiesRoutes,
  ...namespacesRoutes,
  ...monitoringRoutes,
  ...variablesRoutes,
  ...systemRoutes,
];
