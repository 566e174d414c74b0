import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { ProxyControl } from '@proxywatch/core/ports/proxy-control';
import { z } from 'zod';
import { ok } from '#api/answer';
import { identifier } from '#api/fields';
import { route } from '#api/route';

const driver = z.strictObject({
  kind: z.string(),
  watches: z.boolean().meta({ description: 'statistics are read from this kind' }),
  changes: z.boolean().meta({ description: 'configuration is written to this kind' }),
});

export const listDrivers = route({
  module: 'system',
  method: 'GET',
  path: '/v1/drivers',
  operationId: 'listDrivers',
  summary: 'Kinds of proxies that there are drivers for',
  role: 'viewer',
  answers: { 200: { description: 'all of them', schema: z.strictObject({ items: z.array(driver) }) } },
  async handle({ drivers, controls }) {
    const kinds = [...new Set([...drivers.keys(), ...controls.keys()])].toSorted();
    return ok({ items: kinds.map((kind) => ({ kind, watches: drivers.has(kind), changes: controls.has(kind) })) });
  },
});

const capabilities = z.strictObject({
  kind: z.string(),
  fields: z.array(
    z.strictObject({
      resource: z.enum(['account', 'namespace', 'server', 'variable']),
      field: z.string(),
      support: z.enum(['supported', 'lossy', 'unsupported']),
      reason: z.string().nullable().meta({ description: 'why not wholly, or what it becomes' }),
    }),
  ),
  variables: z.strictObject({
    total: z.int(),
    guarded: z.int().meta({ description: 'need `admin` and a reason' }),
    needRestart: z.int(),
    refused: z.int().meta({ description: 'are left alone' }),
  }),
});

export const getDriverCapabilities = route({
  module: 'system',
  method: 'GET',
  path: '/v1/drivers/{kind}/capabilities',
  operationId: 'getDriverCapabilities',
  summary: 'What a kind of proxy can take, field by field',
  description: 'A plan says the same of the fields that it touches. `/v1/variables` has the variables one by one.',
  role: 'viewer',
  params: z.strictObject({ kind: identifier() }),
  answers: {
    200: { description: 'what the driver says', schema: capabilities },
    404: { description: 'there is no driver of this kind that changes proxies' },
  },
  async handle({ controls }, { params }) {
    const control = controls.get(params.kind);
    if (control === undefined) throw new ProxywatchError('NOT_FOUND', `there is no driver of the kind ${params.kind}`);
    return ok(capabilitiesOf(control));
  },
});

function capabilitiesOf({ kind, fields, variables }: ProxyControl): z.infer<typeof capabilities> {
  const count = (is: (definition: (typeof variables.all)[number]) => boolean) => variables.all.filter(is).length;
  return {
    kind,
    fields: fields.map(({ resource, field, support, reason = null }) => ({ resource, field, support, reason })),
    variables: {
      total: variables.all.length,
      guarded: count(({ isGuarded }) => isGuarded),
      needRestart: count(({ needsRestart }) => needsRestart),
      refused: count(({ refusal }) => refusal !== undefined),
    },
  };
}
