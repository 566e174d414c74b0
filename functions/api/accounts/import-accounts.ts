import { randomUUID } from 'node:crypto';
import { requireRole } from '@proxywatch/core/domain/access/caller';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { fetchAccount } from '@proxywatch/core/drivers/dcdb/accounts/account-repository';
import { insertAccount } from '@proxywatch/core/drivers/dcdb/accounts/account-writes';
import {
  fetchProxiesById,
  fetchProxiesOf,
  type ReachableProxy,
} from '@proxywatch/core/drivers/dcdb/accounts/proxies-of-namespace';
import { addManagedRows } from '@proxywatch/core/drivers/dcdb/control/managed-rows';
import { requireUnlocked } from '@proxywatch/core/drivers/dcdb/control/operation-repository';
import { z } from 'zod';
import { withAdminSession } from '#api/admin-session';
import { ok } from '#api/answer';
import type { ApiDeps } from '#api/api-deps';
import { dryRunQuery, identifier } from '#api/fields';
import { route } from '#api/route';
import { plugin, username } from './account-fields.ts';
import { accountResource } from './account-resource.ts';
import { compareWithProxies } from './compare-with-proxies.ts';
import { type ImportPlan, planImport } from './plan-import.ts';

const TIMEOUT_MS = 8_000;

const importBody = z.strictObject({
  proxyId: identifier(),
  usernames: z
    .array(username())
    .min(1)
    .max(1_000)
    .optional()
    .meta({ description: 'all users of the proxy without it' }),
  plugin: plugin.optional().meta({ description: 'what clear text is hashed for; default mysql_native_password' }),
});

const importAnswer = z.strictObject({
  namespace: z.string(),
  imported: z.array(z.strictObject({ username: z.string(), id: z.string() })),
  skipped: z.array(z.strictObject({ username: z.string(), reason: z.string() })),
  proxies: z
    .array(
      z.strictObject({
        proxy: z.string(),
        marked: z.int().meta({ description: 'users that are there as wanted, which Proxywatch manages from now on' }),
        differing: z.array(z.string()).optional().meta({ description: 'users that are otherwise there, left alone' }),
        problem: z.string().optional().meta({ description: 'why the proxy could not be read' }),
      }),
    )
    .meta({ description: 'every proxy of the namespace of the same kind' }),
});

export const importAccounts = route({
  module: 'accounts',
  method: 'POST',
  path: '/v1/accounts/actions/import',
  operationId: 'importAccounts',
  summary: 'Takes users of a proxy over as accounts of its namespace',
  description:
    'Reads what runs on the proxy with its admin credential and changes nothing there. Hashes are taken over, clear text ' +
    'is hashed. Accounts that exist are left as they are. On every proxy of the namespace where a user is as the account ' +
    'wants it, it is marked as managed: plans may change and delete it from then on.',
  role: 'operator',
  query: dryRunQuery,
  body: importBody,
  example: { proxyId: 'lab-1', usernames: ['app_rw'] },
  answers: {
    200: { description: 'what was imported, and what was not and why', schema: importAnswer },
    409: { description: 'the proxy cannot be read, or an operation changes one of the proxies' },
    422: { description: 'there is no such proxy that the caller may see' },
  },
  async handle(deps, request) {
    const { body, signal } = request;
    const proxy = await fetchSource(deps, body.proxyId, request.caller, signal);
    const { namespace, kind } = proxy.registration;
    const limits = { timeoutMs: TIMEOUT_MS, signal };
    const rows = await withAdminSession(deps, proxy.registration, limits, async (session, _, limit) => {
      const snapshot = await session.fetchConfig(['users'], ['runtime'], limit);
      return snapshot.runtime?.users ?? [];
    });
    const plan = await planImport(deps, namespace, kind, rows, body, signal);
    const everywhere = await fetchProxiesOf(deps.db, namespace, signal);
    const same = everywhere.filter(({ registration }) => registration.kind === kind);
    const found = await compareWithProxies(deps, same, plan.rendered, limits);
    return request.change(async (tx, audit) => {
      const imported: { username: string; id: string }[] = [];
      for (const account of plan.added) {
        const id = randomUUID();
        await insertAccount(tx, { ...account, id }, signal);
        const after = await fetchAccount(tx, id, { signal });
        if (after === undefined) continue;
        audit({ action: 'import', resourceType: 'account', resourceId: id, namespace, after: accountResource(after) });
        imported.push({ username: account.username, id });
      }
      // An operation writes down what it manages when it ends; what was marked meanwhile would be lost.
      await requireUnlocked(
        tx,
        found.filter(({ equal }) => equal.length > 0).map(({ proxy: id }) => id),
        signal,
      );
      for (const { proxy: id, equal } of found) {
        await addManagedRows(
          tx,
          id,
          equal.map((key) => ({ table: 'users', key })),
        );
      }
      const proxies = found.map(({ proxy: id, equal, differing, problem }) => ({
        proxy: id,
        marked: equal.length,
        ...(differing.length > 0 && { differing }),
        ...(problem !== undefined && { problem }),
      }));
      const outcome = { namespace, imported, skipped: plan.skipped, proxies };
      audit({
        action: 'import',
        resourceType: 'proxy',
        resourceId: body.proxyId,
        namespace,
        after: summaryOf(plan, proxies),
      });
      return ok(outcome);
    });
  },
});

function summaryOf({ added, skipped }: ImportPlan, proxies: readonly { proxy: string; marked: number }[]) {
  return {
    imported: added.length,
    skipped: skipped.length,
    marked: Object.fromEntries(proxies.map(({ proxy, marked }) => [proxy, marked])),
  };
}

async function fetchSource(
  { db }: Pick<ApiDeps, 'db'>,
  id: string,
  caller: Parameters<typeof requireRole>[0],
  signal: AbortSignal,
): Promise<ReachableProxy> {
  const [proxy] = await fetchProxiesById(db, [id], signal);
  if (proxy === undefined || caller.roleIn(proxy.registration.namespace) === undefined) {
    throw new ProxywatchError('UNPROCESSABLE', `there is no proxy ${id}`, {
      problems: [{ pointer: '/proxyId', message: 'there is no such proxy' }],
    });
  }
  requireRole(caller, 'operator', proxy.registration.namespace, `proxy ${id}`);
  return proxy;
}
