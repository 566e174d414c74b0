import type { AnyRoute } from '#api/route';
import { changeAlertRule, deleteAlertRule } from './change-alert-rule.ts';
import { createAlertRule } from './create-alert-rule.ts';
import { listAlerts } from './list-alerts.ts';
import { queryMetrics } from './query-metrics.ts';
import { getAlertRule, listAlertRules, publishAlertRules } from './read-alert-rules.ts';

/** What the monitoring platform has: numbers, alerts and the rules that they come from. */
export const monitoringSkyeyeRoutes: readonly AnyRoute[] = [
  queryMetrics,
  listAlerts,
  listAlertRules,
  createAlertRule,
  getAlertRule,
  changeAlertRule,
  deleteAlertRule,
  publishAlertRules,
];
