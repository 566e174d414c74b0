import type { Role } from '@proxywatch/core/domain/access/role';
import { secretContextOf } from '@proxywatch/core/domain/control/effective-variables';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import {
  deleteSetting as deleteRow,
  lockSetting,
  updateSetting,
} from '@proxywatch/core/drivers/dcdb/variables/setting-writes';
import type { VariableSettingRecord } from '@proxywatch/core/drivers/dcdb/variables/variable-settings';
import { z } from 'zod';
import { type Answer, noContent, okRevised } from '#api/answer';
import type { ApiDeps } from '#api/api-deps';
import type { ApiRequest, DcdbTransaction } from '#api/api-request';
import { requireRevision } from '#api/conditions';
import { dryRunQuery, idParams, timestamp } from '#api/fields';
import { route } from '#api/route';
import { checkValue, controlOf, unprocessable } from './find-variable.ts';
import { requireSettingRole, roleFor } from './setting-access.ts';
import { fetchFormerNamespace, fetchPlans, recordOf } from './setting-audit.ts';
import { settingResource } from './setting-resource.ts';
import { changedSetting, reasonField, valueField } from './variable-fields.ts';

const settingChanges = z
  .strictObject({ value: valueField, reason: reasonField, expiresAt: timestamp().nullable() })
  .partial();

export const changeSetting = route({
  module: 'variables',
  method: 'PATCH',
  path: '/v1/variables/settings/{id}',
  operationId: 'changeVariableSetting',
  summary: 'Changes value, reason or expiry of a setting',
  role: 'operator',
  params: idParams,
  query: dryRunQuery,
  body: settingChanges,
  needsIfMatch: true,
  example: { value: 5000, reason: 'more than expected' },
  answers: {
    200: { description: 'the setting', schema: changedSetting },
    404: { description: 'there is no such setting, or none that the caller may see' },
    422: { description: 'the value is none of the variable, or a reason is missing' },
  },
  async handle(deps, request) {
    const { params, body, signal, caller } = request;
    if (body.expiresAt && body.expiresAt.getTime() <= deps.nowMs())
      throw unprocessable('/expiresAt', 'is over already');
    return request.change(async (tx, audit) => {
      const before = await lockPermitted(tx, params.id, 'viewer', request);
      const reason = body.reason ?? (request.reason === '' ? before.reason : request.reason);
      const role = guardOf(deps, before, reason);
      const namespace = await requireSettingRole(tx, before, role, caller, signal);
      if (body.value !== undefined) checkValue(controlOf(deps, before.kind, '/kind'), before.name, body.value);
      const { isSecret, expiresAt } = before;
      const value = body.value === undefined ? before.value : await sealed(deps, before, body.value, signal);
      const changes = { value, isSecret, reason, expiresAt: body.expiresAt === undefined ? expiresAt : body.expiresAt };
      await updateSetting(tx, params.id, changes, signal);
      const after = await lockPermitted(tx, params.id, 'viewer', { ...request, ifMatch: undefined });
      const resource = settingResource(after, deps.nowMs());
      const audited = namespace ?? (await fetchFormerNamespace(tx, before, signal));
      const was = settingResource(before, deps.nowMs());
      audit(recordOf('update', { namespace: audited, before: was, after: resource, reason }));
      const answer = { ...resource, plans: await fetchPlans(tx, after, namespace, signal) };
      return okRevised(answer);
    });
  },
});

export const deleteSetting = route({
  module: 'variables',
  method: 'DELETE',
  path: '/v1/variables/settings/{id}',
  operationId: 'deleteVariableSetting',
  summary: 'Has a scope decide about a variable no more',
  description:
    'The next wider scope holds again. Where none decides, proxies keep the value that they have: to have them go back to ' +
    'the default, use reset-to-default. A guarded variable needs the role `admin` and a reason (`X-Reason`).',
  role: 'operator',
  params: idParams,
  query: dryRunQuery,
  needsIfMatch: true,
  answers: {
    204: { description: 'it is deleted; of a dry run: it could be' },
    404: { description: 'there is no such setting, or none that the caller may see' },
    422: { description: 'a reason is missing' },
  },
  handle: (deps, request) => removeSetting(deps, request, request.params.id),
});

type Changing = Pick<ApiRequest<unknown, unknown, unknown>, 'change' | 'signal' | 'caller' | 'ifMatch' | 'reason'>;

export function removeSetting(deps: ApiDeps, request: Changing, id: string): Promise<Answer> {
  const { signal, caller, reason } = request;
  return request.change(async (tx, audit) => {
    const before = await lockPermitted(tx, id, 'viewer', request);
    const namespace = await requireSettingRole(tx, before, guardOf(deps, before, reason), caller, signal);
    await deleteRow(tx, id, signal);
    const audited = namespace ?? (await fetchFormerNamespace(tx, before, signal));
    audit(recordOf('delete', { namespace: audited, before: settingResource(before, deps.nowMs()), reason }));
    return noContent();
  });
}

/** A variable that the catalogue knows no more can still be cleaned up. */
function guardOf({ controls }: ApiDeps, { kind, name }: VariableSettingRecord, reason: string): Role {
  const definition = controls.get(kind)?.variables.find(name);
  return definition === undefined ? 'operator' : roleFor(definition, reason);
}

async function lockPermitted(
  tx: DcdbTransaction,
  id: string,
  role: Role,
  { caller, signal, ifMatch }: Pick<Changing, 'caller' | 'signal' | 'ifMatch'>,
): Promise<VariableSettingRecord> {
  const setting = await lockSetting(tx, { id }, signal);
  if (setting === undefined) throw new ProxywatchError('NOT_FOUND', `there is no setting ${id}`);
  await requireSettingRole(tx, setting, role, caller, signal);
  requireRevision(ifMatch, setting.revision);
  return setting;
}

async function sealed(
  { secrets }: ApiDeps,
  setting: VariableSettingRecord,
  value: string,
  signal: AbortSignal,
): Promise<string> {
  return setting.isSecret ? secrets.seal(value, secretContextOf(setting), signal) : value;
}
