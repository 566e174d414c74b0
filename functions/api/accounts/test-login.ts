import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { type LoginTarget, tryLogin } from '@proxywatch/core/drivers/backends/try-login';
import { fetchProxiesById } from '@proxywatch/core/drivers/dcdb/accounts/proxies-of-namespace';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { z } from 'zod';
import { ok } from '#api/answer';
import { flag, identifier, idParams } from '#api/fields';
import { route } from '#api/route';
import { findAccount } from './find-account.ts';

const TIMEOUT_MS = 5_000;

const loginAnswer = z.strictObject({
  proxy: z.string(),
  outcome: z.enum(['accepted', 'refused', 'failed']),
  stage: z
    .enum(['log-in', 'statement'])
    .optional()
    .meta({ description: '`log-in`: the proxy itself; `statement`: a back end behind it' }),
  errno: z.int().optional().meta({ description: "MySQL's error code, as 1045" }),
  sqlState: z.string().optional(),
  reason: z.enum(['unreachable', 'timeout', 'protocol']).optional(),
});

export const testLogin = route({
  module: 'accounts',
  method: 'POST',
  path: '/v1/accounts/{id}/actions/test-login',
  operationId: 'testAccountLogin',
  summary: 'Logs in with an account through a proxy, as a client would',
  description:
    'Uses the traffic port of the proxy and the password of the body, which is kept nowhere. With `statement` it runs ' +
    '`SELECT 1` too, for which the proxy has to log in to a back end with that password.',
  role: 'operator',
  params: idParams,
  body: z.strictObject({
    proxyId: identifier(),
    password: z.string().min(1).max(256).meta({ format: 'password', writeOnly: true }),
    statement: flag().optional(),
  }),
  example: { proxyId: 'lab-1', password: 'a long secret', statement: true },
  answers: {
    200: { description: 'what became of it', schema: loginAnswer },
    404: { description: 'there is no such account, or none that the caller may see' },
    409: { description: 'no traffic port of the proxy is known' },
    422: { description: 'the namespace of the account has no such proxy' },
  },
  async handle(deps, request) {
    const { body, params, signal } = request;
    const account = await findAccount(deps.db, params.id, 'operator', request);
    const target = await fetchTarget(deps.db, account.namespace, body.proxyId, account.spec.useSsl, signal);
    const credential = { user: account.spec.username, password: body.password };
    const options = { timeoutMs: TIMEOUT_MS, signal, runStatement: body.statement === true };
    const { kind, ...details } = await tryLogin(target, credential, options);
    const outcome = { proxy: body.proxyId, outcome: kind, ...details };
    // Whoever tries passwords out leaves a trace.
    return request.change(async (_, audit) => {
      const { namespace } = account;
      audit({ action: 'test-login', resourceType: 'account', resourceId: params.id, namespace, after: outcome });
      return ok(outcome);
    });
  },
});

async function fetchTarget(
  db: Dcdb,
  namespace: string,
  proxyId: string,
  useTls: boolean,
  signal: AbortSignal,
): Promise<LoginTarget> {
  const [proxy] = await fetchProxiesById(db, [proxyId], signal);
  if (proxy === undefined || proxy.registration.namespace !== namespace) {
    throw new ProxywatchError('UNPROCESSABLE', `the namespace ${namespace} has no proxy ${proxyId}`, {
      problems: [{ pointer: '/proxyId', message: 'the namespace of the account has no such proxy' }],
    });
  }
  const { adminHost, trafficHost = adminHost, trafficPort } = proxy.registration;
  if (trafficPort === undefined) throw new ProxywatchError('CONFLICT', `no traffic port of ${proxyId} is known`);
  return { host: trafficHost, port: trafficPort, useTls };
}
