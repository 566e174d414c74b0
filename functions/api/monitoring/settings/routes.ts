import type { AnyRoute } from '#api/route';
import { getEffectiveMonitoringSettings, listMonitoringSettings } from './read-settings.ts';
import { scopeRoutes } from './scope-routes.ts';

/** What is collected from proxies, how often, and where to. */
export const monitoringSettingsRoutes: readonly AnyRoute[] = [
  listMonitoringSettings,
  getEffectiveMonitoringSettings,
  ...scopeRoutes,
];
