import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { fetchProxiesOf, type ReachableProxy } from '@proxywatch/core/drivers/dcdb/accounts/proxies-of-namespace';
import { fetchWritesSwitch } from '@proxywatch/core/drivers/dcdb/settings/writes-switch';
import { z } from 'zod';
import { forEachProxy, withAdminSession } from '#api/admin-session';
import { ok } from '#api/answer';
import { identifier, idParams } from '#api/fields';
import { route } from '#api/route';
import { findAccount } from './find-account.ts';

const TIMEOUT_MS = 5_000;
/** With 8 at a time and 5 s for each, what a request has time for. */
const MAX_PROXIES = 32;

const killAnswer = z.strictObject({
  username: z.string(),
  proxies: z.array(
    z.strictObject({
      proxy: z.string(),
      outcome: z.enum(['killed', 'skipped', 'failed']),
      sessions: z.int().optional().meta({ description: 'how many were ended' }),
      problem: z.string().optional().meta({ description: 'why it was skipped or failed' }),
    }),
  ),
});

export const killSessions = route({
  module: 'accounts',
  method: 'POST',
  path: '/v1/accounts/{id}/actions/kill-sessions',
  operationId: 'killAccountSessions',
  summary: 'Ends the sessions of an account on one or all proxies of its namespace',
  description:
    'Only on proxies that Proxywatch may change (`managed`). Clients may come again at once: disable the account first.',
  role: 'operator',
  params: idParams,
  body: z.strictObject({ proxyId: identifier().optional().meta({ description: 'all of the namespace without it' }) }),
  example: { proxyId: 'lab-1' },
  answers: {
    200: { description: 'what became of it on each proxy', schema: killAnswer },
    404: { description: 'there is no such account, or none that the caller may see' },
    409: {
      description: 'all changes of proxies are switched off, or the namespace has more than 32 proxies: name one',
    },
    422: { description: 'the namespace of the account has no such proxy' },
  },
  async handle(deps, request) {
    const { params, body, signal } = request;
    const account = await findAccount(deps.db, params.id, 'operator', request);
    const { namespace } = account;
    const { username } = account.spec;
    const writes = await fetchWritesSwitch(deps.db);
    if (!writes.enabled) throw new ProxywatchError('CONFLICT', `changes of proxies are switched off: ${writes.reason}`);
    const proxies = choose(await fetchProxiesOf(deps.db, namespace, signal), body.proxyId);
    const outcomes = await forEachProxy(
      proxies.filter(({ managed }) => managed),
      signal,
      ({ registration }) =>
        withAdminSession(deps, registration, { timeoutMs: TIMEOUT_MS, signal }, (session, _, limit) =>
          session.killSessions(username, limit),
        ),
    );
    const told = [
      ...outcomes.map((outcome) =>
        'problem' in outcome
          ? { proxy: outcome.proxy, outcome: 'failed', problem: outcome.problem }
          : { proxy: outcome.proxy, outcome: 'killed', sessions: outcome.value },
      ),
      ...proxies
        .filter(({ managed }) => !managed)
        .map(({ registration }) => ({ proxy: registration.id, outcome: 'skipped', problem: 'it is not managed' })),
    ];
    // Afterwards, since what is in a change may run twice.
    return request.change(async (_, audit) => {
      const after = { username, proxies: told };
      audit({ action: 'kill-sessions', resourceType: 'account', resourceId: params.id, namespace, after });
      return ok(after);
    });
  },
});

function choose(proxies: readonly ReachableProxy[], proxyId: string | undefined): readonly ReachableProxy[] {
  if (proxyId === undefined) {
    if (proxies.length <= MAX_PROXIES) return proxies;
    throw new ProxywatchError(
      'CONFLICT',
      `the namespace has ${proxies.length} proxies, more than ${MAX_PROXIES}: name one`,
    );
  }
  const chosen = proxies.filter(({ registration }) => registration.id === proxyId);
  if (chosen.length > 0) return chosen;
  throw new ProxywatchError('UNPROCESSABLE', `the namespace of the account has no proxy ${proxyId}`, {
    problems: [{ pointer: '/proxyId', message: 'the namespace of the account has no such proxy' }],
  });
}
