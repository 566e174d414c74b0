import { z } from 'zod';
import { batchRoute } from '#api/batch';
import { dryRunQuery, integer, uuid } from '#api/fields';
import { removeSetting } from './change-setting.ts';
import { setVariable } from './put-setting.ts';
import { defaultOf, resetBody } from './reset-to-default.ts';
import { settingBody } from './variable-fields.ts';

const item = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('set'), setting: settingBody }),
  z.strictObject({ action: z.literal('reset-to-default'), setting: resetBody }),
  z.strictObject({
    action: z.literal('delete'),
    id: uuid(),
    revision: integer(1, Number.MAX_SAFE_INTEGER)
      .optional()
      .meta({ description: 'as If-Match: refused with 412 when the setting has another one' }),
  }),
]);

export const batchSettings = batchRoute({
  module: 'variables',
  path: '/v1/variables/settings/actions/batch',
  operationId: 'batchVariableSettings',
  summary: 'Sets, resets and lets go of up to 100 variables',
  role: 'operator',
  query: dryRunQuery,
  body: item,
  example: {
    items: [
      { action: 'set', setting: { scope: 'fleet', name: 'mysql-wait_timeout', value: 3_600_000 } },
      { action: 'reset-to-default', setting: { scope: 'proxy', scopeName: 'lab-1', name: 'mysql-max_connections' } },
    ],
  },
  handle(deps, request) {
    const { body } = request;
    if (body.action === 'delete') return removeSetting(deps, { ...request, ifMatch: body.revision }, body.id);
    const setting = body.action === 'set' ? body.setting : { ...body.setting, value: defaultOf(deps, body.setting) };
    return setVariable(deps, { ...request, ifMatch: undefined }, setting, { replace: true });
  },
});
