import type { MonitoringScope } from '@proxywatch/core/domain/monitoring-settings/effective-monitoring';
import {
  fetchMonitoringSettings,
  lockMonitoringSettings,
  type MonitoringSettings,
  putMonitoringSettings,
  type SettingsScope,
} from '@proxywatch/core/drivers/dcdb/monitoring-settings/settings-repository';
import { type Answer, noContent, okRevised } from '#api/answer';
import type { ApiDeps } from '#api/api-deps';
import type { ApiRequest } from '#api/api-request';
import { requireRevision } from '#api/conditions';
import { withRegistryPublished } from './publish-settings.ts';
import { requireScope } from './settings-access.ts';
import { settingsResource } from './settings-resource.ts';

type Changing = Pick<
  ApiRequest<unknown, unknown, unknown>,
  'caller' | 'change' | 'dryRun' | 'ifMatch' | 'requestId' | 'signal'
>;

/** Who may change what holds for everybody is admin; a namespace or proxy belongs to its operators. */
const NEEDED = { fleet: 'admin', namespace: 'operator', proxy: 'operator' } as const satisfies Record<
  MonitoringScope,
  string
>;

/** Has a scope decide exactly this; `undefined`: nothing. */
export async function changeSettings(
  deps: ApiDeps,
  request: Changing,
  scope: SettingsScope,
  settings: MonitoringSettings | undefined,
): Promise<Answer> {
  const { caller, signal, ifMatch } = request;
  const answer = await request.change(async (tx, audit) => {
    const namespace = await requireScope(tx, scope, NEEDED[scope.scope], request);
    const before = await lockMonitoringSettings(tx, scope, signal);
    requireRevision(ifMatch, before?.revision ?? 0);
    // What users type may be anything, a secret too.
    if (settings?.showLiterals === true && before?.settings.showLiterals !== true) {
      await requireScope(tx, scope, 'admin', request);
    }
    await putMonitoringSettings(tx, scope, settings ?? {}, caller.name, signal);
    const after = settingsResource(scope, await fetchMonitoringSettings(tx, scope, signal));
    audit({
      action: settings === undefined ? 'delete' : 'update',
      resourceType: 'monitoringSettings',
      resourceId: scope.scope === 'fleet' ? 'fleet' : `${scope.scope}:${scope.scopeName}`,
      ...(namespace !== undefined && { namespace }),
      before: settingsResource(scope, before),
      after,
    });
    return settings === undefined ? noContent() : okRevised(after);
  });
  return withRegistryPublished(deps, request, answer);
}
