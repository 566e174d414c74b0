import { randomUUID } from 'node:crypto';
import { secretContextOf } from '@proxywatch/core/domain/control/effective-variables';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { addSetting, lockSetting, updateSetting } from '@proxywatch/core/drivers/dcdb/variables/setting-writes';
import { type Answer, etagOf, okRevised } from '#api/answer';
import type { ApiDeps } from '#api/api-deps';
import type { ApiRequest } from '#api/api-request';
import { requireRevision } from '#api/conditions';
import { dryRunQuery } from '#api/fields';
import { route } from '#api/route';
import { checkValue, controlOf, unprocessable } from './find-variable.ts';
import { requireScope, roleFor } from './setting-access.ts';
import { fetchPlans, recordOf } from './setting-audit.ts';
import { settingResource } from './setting-resource.ts';
import { changedSetting, type SettingBody, settingBody } from './variable-fields.ts';

const shared = {
  module: 'variables',
  path: '/v1/variables/settings',
  role: 'operator',
  query: dryRunQuery,
  body: settingBody,
  example: {
    scope: 'namespace',
    scopeName: 'shop',
    name: 'mysql-max_connections',
    value: 4000,
    reason: 'sale on Friday',
    expiresAt: '2027-01-31T12:00:00Z',
  },
} as const;

const answers = {
  201: { description: 'the new setting', schema: changedSetting },
  403: { description: 'the scope, or a guarded variable, needs another role' },
  422: {
    description: 'there is no such variable, namespace or proxy, the value is none of it, or a reason is missing',
  },
};

export const createSetting = route({
  ...shared,
  method: 'POST',
  operationId: 'createVariableSetting',
  summary: 'Decides what a variable is to be for the fleet, a namespace or a proxy',
  description:
    'The narrowest scope wins: proxy, namespace, fleet. No proxy is touched: the proxies take it over once a plan of their ' +
    'namespace was applied; `plans` tells where to ask for one. Past `expiresAt` the next wider scope holds again.',
  answers: {
    ...answers,
    200: { description: 'dry run: what it would be', schema: changedSetting },
    409: { description: 'this scope decides about the variable already' },
  },
  handle: (deps, request) => setVariable(deps, request, request.body, { replace: false }),
});

export const replaceSetting = route({
  ...shared,
  method: 'PUT',
  operationId: 'setVariable',
  summary: 'Sets a variable for the fleet, a namespace or a proxy, whether it was set there or not',
  description: 'As POST, but a setting that is there takes the new value, reason and expiry.',
  answers: { ...answers, 200: { description: 'the setting that was there, changed', schema: changedSetting } },
  handle: (deps, request) => setVariable(deps, request, request.body, { replace: true }),
});

type Setting = Pick<ApiRequest<unknown, unknown, unknown>, 'change' | 'signal' | 'caller' | 'ifMatch' | 'reason'>;

/** With `replace` a setting that is there and holds is changed, else that is a CONFLICT. */
export async function setVariable(
  deps: ApiDeps,
  request: Setting,
  body: SettingBody,
  { replace }: { readonly replace: boolean },
): Promise<Answer> {
  const { signal, caller, ifMatch } = request;
  const { scope, scopeName, kind, name, value } = body;
  const identity = { scope, scopeName, kind, name };
  const definition = checkValue(controlOf(deps, kind, '/kind'), name, value);
  const reason = body.reason ?? request.reason;
  const namespace = await requireScope(deps.db, identity, roleFor(definition, reason), caller, signal);
  const expiresAt = body.expiresAt ?? null;
  if (expiresAt !== null && expiresAt.getTime() <= deps.nowMs()) throw unprocessable('/expiresAt', 'is over already');
  const { isSecret } = definition;
  const stored = isSecret ? await deps.secrets.seal(value, secretContextOf(identity), signal) : value;
  const setting = { ...identity, value: stored, isSecret, reason, expiresAt, createdBy: caller.name };
  return request.change(async (tx, audit) => {
    const newId = randomUUID();
    const before = await addSetting(tx, { ...setting, id: newId }, signal);
    const was = before && settingResource(before, deps.nowMs());
    if (was !== undefined && !was.expired && !replace) {
      throw new ProxywatchError('CONFLICT', `the ${scope} decides about ${name} already, by the setting ${was.id}`);
    }
    if (replace) requireRevision(ifMatch, was?.revision ?? 0);
    const id = was?.id ?? newId;
    if (was !== undefined) await updateSetting(tx, id, setting, signal);
    const after = await lockSetting(tx, { id }, signal);
    if (after === undefined) throw new ProxywatchError('INTERNAL', `the setting ${id} is gone within its own change`);
    const resource = settingResource(after, deps.nowMs());
    audit(recordOf(was === undefined ? 'create' : 'update', { namespace, before: was, after: resource, reason }));
    const answer = { ...resource, plans: await fetchPlans(tx, after, namespace, signal) };
    if (was !== undefined) return okRevised(answer);
    const headers = { location: `/v1/variables/settings/${id}`, etag: etagOf(answer.revision) };
    return { status: 201, headers, body: answer };
  });
}
