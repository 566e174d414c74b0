import { z } from 'zod';
import type { ApiDeps } from '#api/api-deps';
import { dryRunQuery, timestamp } from '#api/fields';
import { route } from '#api/route';
import { controlOf, unprocessable } from './find-variable.ts';
import { setVariable } from './put-setting.ts';
import { changedSetting, hasScopeName, identityFields, reasonField } from './variable-fields.ts';

export const resetBody = z
  .strictObject({ ...identityFields, reason: reasonField.optional(), expiresAt: timestamp().nullable().optional() })
  .refine(hasScopeName, { path: ['scopeName'], error: 'expected a name for a namespace or proxy, none for the fleet' });
type ResetBody = z.output<typeof resetBody>;

export const resetToDefault = route({
  module: 'variables',
  method: 'POST',
  path: '/v1/variables/settings/actions/reset-to-default',
  operationId: 'resetVariableToDefault',
  summary: 'Sets a variable to its default for the fleet, a namespace or a proxy',
  description:
    'The setting says so explicitly, so that the proxies go back to it; deleting a setting only lets go of it.',
  role: 'operator',
  query: dryRunQuery,
  body: resetBody,
  example: { scope: 'proxy', scopeName: 'lab-1', name: 'mysql-max_connections' },
  answers: {
    200: { description: 'the setting that was there, changed', schema: changedSetting },
    201: { description: 'the new setting', schema: changedSetting },
    403: { description: 'the scope, or a guarded variable, needs another role' },
    422: { description: 'there is no such variable, namespace or proxy, or a reason is missing' },
  },
  handle: (deps, request) =>
    setVariable(deps, request, { ...request.body, value: defaultOf(deps, request.body) }, { replace: true }),
});

export function defaultOf(deps: Pick<ApiDeps, 'controls'>, { kind, name }: Pick<ResetBody, 'kind' | 'name'>): string {
  const definition = controlOf(deps, kind, '/kind').variables.find(name);
  if (definition === undefined) throw unprocessable('/name', 'there is no such variable');
  return definition.default;
}
