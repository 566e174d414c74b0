import { EVERY_NAMESPACE, ROLES } from '@proxywatch/core/domain/access/role';
import { z } from 'zod';
import { ok } from '#api/answer';
import { route } from '#api/route';

const role = z.enum(ROLES);

export const getMe = route({
  module: 'system',
  method: 'GET',
  path: '/v1/me',
  operationId: 'getMe',
  summary: 'Who you are to the API, and what you may do',
  role: 'viewer',
  answers: {
    200: {
      description: 'the caller',
      schema: z.strictObject({
        name: z.string().meta({ description: '`sub` of the token, or ARN of the IAM principal' }),
        fleetRole: role.nullable().meta({ description: 'for all namespaces, and for what belongs to none' }),
        namespaces: z.array(z.strictObject({ namespace: z.string(), role })).meta({ description: 'with `*` for all' }),
      }),
    },
  },
  async handle(_deps, { caller }) {
    const { name, fleetRole } = caller;
    const seen = caller.namespaces === EVERY_NAMESPACE ? [EVERY_NAMESPACE] : caller.namespaces;
    const namespaces = seen.map((namespace) => ({ namespace, role: caller.roleIn(namespace) }));
    return ok({ name, fleetRole: fleetRole ?? null, namespaces });
  },
});
