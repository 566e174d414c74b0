import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { OperationInvoker } from '@proxywatch/core/ports/operation-invoker';
import type { AlertRulePublisher, Skyeye } from '@proxywatch/core/ports/skyeye';

/** Services that this deployment was given no address of: as good as unreachable. */

export const absentSkyeye: Skyeye = {
  query: absent('skyeye', 'SKYEYE_URL'),
  queryRange: absent('skyeye', 'SKYEYE_URL'),
  fetchAlerts: absent('skyeye', 'SKYEYE_URL'),
};

export const absentAlertRules: AlertRulePublisher = {
  publish: absent('skyeye', 'ALERT_RULES_FILE or AMP_WORKSPACE_ID'),
};

export const absentOperations: OperationInvoker = { invoke: absent('lambda', 'OPERATE_FUNCTION') };

function absent(service: string, variable: string): () => Promise<never> {
  return async () => {
    throw new ProxywatchError('SERVICE_UNREACHABLE', `${variable} is not set`, { service });
  };
}
