import type { AnyRoute } from '#api/route';
import { monitoringDataRoutes } from './data/routes.ts';
import { monitoringSettingsRoutes } from './settings/routes.ts';
import { monitoringSkyeyeRoutes } from './skyeye/routes.ts';

export const monitoringRoutes: readonly AnyRoute[] = [
  ...monitoringDataRoutes,
  ...monitoringSettingsRoutes,
  ...monitoringSkyeyeRoutes,
];
